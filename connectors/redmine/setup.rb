# Makes what Redmine's REST interface cannot make: statuses, trackers, roles, workflow, fields and
# saved queries, as WISH above names them. May be run any number of times: what is there stays as it is.

$made = 0

def made(what)
  $made += 1
  puts "made: #{what}"
end

def status(name, closed)
  IssueStatus.find_by(name: name) ||
    IssueStatus.create!(name: name, is_closed: closed).tap { made "status «#{name}»" }
end

def tracker(name, first)
  Tracker.find_by(name: name) ||
    Tracker.create!(name: name, default_status: first).tap { made "tracker «#{name}»" }
end

def role(name, permissions)
  found = Role.find_by(name: name)
  if found.nil?
    found = Role.create!(name: name, permissions: permissions, issues_visibility: 'all',
                         users_visibility: 'members_of_visible_projects')
    made "role «#{name}»"
  end
  lacking = permissions - found.permissions
  unless lacking.empty?
    found.add_permission!(*lacking)
    made "role «#{name}»: #{lacking.join(', ')}"
  end
  found
end

# An issue may be made in any status (old_status_id 0) and moved from any to any of the same group:
# who may do what is judged by the regulation, and a wrong move is answered by a note.
def workflow(role, tracker, groups)
  wanted = groups.flat_map { |ids| ids.map { |id| [0, id] } + ids.permutation(2).to_a }.uniq
  where = { tracker_id: tracker.id, role_id: role.id }
  lacking = wanted - WorkflowTransition.where(where).pluck(:old_status_id, :new_status_id)
  return if lacking.empty?

  WorkflowTransition.transaction do
    lacking.each { |old, new| WorkflowTransition.create!(where.merge(old_status_id: old, new_status_id: new)) }
  end
  made "workflow of «#{tracker.name}» for «#{role.name}»: #{lacking.size} moves"
end

# Fields are attached to projects by name: of a field «for all projects» an account that is no
# administrator cannot learn the number before an issue has it.
def field(name, format, trackers, projects)
  found = IssueCustomField.find_or_initialize_by(name: name) { |fresh| fresh.field_format = format }
  fresh = found.new_record?
  lacking = trackers - found.trackers.to_a
  away = found.is_for_all ? [] : projects - found.projects.to_a
  return if !fresh && found.is_filter && lacking.empty? && away.empty?

  found.update!(is_filter: true)
  found.trackers << lacking
  found.projects << away
  made fresh ? "field «#{name}»" : "field «#{name}»: what it lacked"
end

def attach(project, trackers)
  lacking = trackers - project.trackers.to_a
  project.trackers << lacking
  made "project #{project.identifier}: #{lacking.map(&:name).join(', ')}" unless lacking.empty?
  return if project.module_enabled?(:issue_tracking)

  project.enable_module!(:issue_tracking)
  made "project #{project.identifier}: issue tracking"
end

# Lists show the term with its hour, and begin with what is urgent and due first.
def columns
  due = IssueCustomField.find_by(name: WISH['due'])
  [:tracker, :subject, :status, :assigned_to, due ? :"cf_#{due.id}" : :due_date]
end

def query(name, filters, trackers, statuses)
  return if IssueQuery.exists?(name: name, project_id: nil)

  fresh = IssueQuery.new(name: name, visibility: Query::VISIBILITY_PUBLIC, user: User.current)
  fresh.filters = {}
  fresh.column_names = columns
  fresh.sort_criteria = [%w[priority desc], %w[due_date asc]]
  filters.each { |field, (operator, values)| fresh.add_filter(field, operator, values) }
  fresh.add_filter('tracker_id', '=', trackers.map { |one| one.id.to_s }) unless trackers.empty?
  fresh.add_filter('status_id', '=', statuses.map { |one| one.id.to_s }) unless statuses.empty?
  fresh.save!
  made "query «#{name}»"
end

User.current = User.active.where(admin: true).order(:id).first
unless Setting.rest_api_enabled?
  Setting.rest_api_enabled = '1'
  made 'setting: the REST interface is switched on'
end
unless IssuePriority.exists?(name: WISH['urgent'])
  IssuePriority.create!(name: WISH['urgent'])
  made "priority «#{WISH['urgent']}»"
end

statuses = WISH['statuses'].to_h { |name, closed| [name, status(name, closed)] }
trackers = WISH['trackers'].to_h { |name| [name, tracker(name, statuses.values.first)] }
moves = WISH['moves'].transform_values { |groups| groups.map { |names| statuses.values_at(*names).map(&:id) } }
projects = Project.where(identifier: WISH['projects']).to_a
WISH['roles'].each { |name, permissions| role(name, permissions.map(&:to_sym)) }
Role.givable.to_a.product(trackers.values) { |holder, one| workflow(holder, one, moves[one.name]) }
projects.each { |project| attach(project, trackers.values) }
WISH['fields'].each do |name, format|
  field(name, format, trackers.values_at(*WISH['fields_of'][name]), projects)
end
WISH['queries'].each do |one|
  query(one['name'], one['filters'], trackers.values_at(*one['trackers']), statuses.values_at(*one['statuses']))
end

puts $made.zero? ? 'nothing to make: all of it is there' : "#{$made} things made"
