# What every test Redmine has over Debian's Russian default data: people, a project, the REST API.
# Runs once, in an empty migrated database. Prints nothing; a failure raises.
require 'redmine/default_data/loader'

Redmine::DefaultData::Loader.load('ru')

Setting.default_language = 'ru'
Setting.rest_api_enabled = '1'
Setting.login_required = '1'
Setting.host_name = '127.0.0.1'
# Mail jobs cost two thirds of each write even with delivery switched off.
Setting.notified_events = []

def person(login, first, last, key, admin: false, status: User::STATUS_ACTIVE)
  user = User.find_by(login: login) || User.new
  user.login = login
  user.assign_attributes(firstname: first, lastname: last, mail: "#{login}@example.test",
                         language: 'ru', admin: admin, status: status, must_change_passwd: false)
  user.password = user.password_confirmation = 'Secret-123'
  user.save!
  token = Token.where(user_id: user.id, action: 'api').first || Token.create!(user: user, action: 'api')
  Token.where(id: token.id).update_all(value: key)  # before_create makes a random one
  user
end

person('admin', 'Redmine', 'Admin', 'ad' * 20, admin: true)
ivanov = person('ivanov', 'Иван', 'Иванов', '1' * 40)
petrova = person('petrova', 'Анна', 'Петрова', '2' * 40)
robot = person('robot', 'Робот', 'ЦУР', '3' * 40)
# Somebody who left (a locked account) and somebody who is no member of the project.
gone = person('gone', 'Олег', 'Уволенный', '4' * 40, status: User::STATUS_LOCKED)
person('stranger', 'Пётр', 'Посторонний', '5' * 40)

Role.create!(
  name: 'Робот', issues_visibility: 'all', users_visibility: 'members_of_visible_projects',
  permissions: %i[view_issues add_issues edit_issues manage_subtasks add_issue_notes view_private_notes]
)
staff = Role.find_by!(name: 'Менеджер')
[Role.find_by!(name: 'Робот'), staff].each do |role|
  Tracker.all.each do |tracker|
    IssueStatus.all.to_a.permutation(2) do |old, new|
      WorkflowTransition.find_or_create_by!(tracker: tracker, role: role, old_status: old, new_status: new)
    end
  end
end

{ 'support' => 'Поддержка', 'plans' => 'Планы' }.each do |identifier, name|
  project = Project.create!(identifier: identifier, name: name, is_public: false,
                            trackers: Tracker.all.to_a, enabled_module_names: %w[issue_tracking])
  [ivanov, petrova, gone].each { |user| Member.create!(project: project, principal: user, roles: [staff]) }
  Member.create!(project: project, principal: robot, roles: [Role.find_by!(name: 'Робот')])
end

ActiveRecord::Base.connection.execute("VACUUM INTO #{ActiveRecord::Base.connection.quote(ENV.fetch('GOLDEN_BARE'))}")
load ENV.fetch('FULL_SCRIPT')
ActiveRecord::Base.connection.execute("VACUUM INTO #{ActiveRecord::Base.connection.quote(ENV.fetch('GOLDEN_FULL'))}")
