# Our trackers, statuses, workflow and custom fields, which REST cannot make. Idempotent.
# Until `mcur redmine setup` does it, this is the profile «full» in the shape of a script.

def status(name, closed)
  IssueStatus.find_or_create_by!(name: name) { |made| made.is_closed = closed }
end

OPEN = ['Новая', 'В работе', 'На контроле', 'Запрошен перенос', 'На подтверждении', 'Возвращена',
        'Отказ исполнителя'].freeze
CLOSED = %w[Закрыта Отклонена].freeze
TRACKERS = ['Задача исполнителю', 'Задание ЦУР', 'План', 'Мероприятие', 'Инцидент', 'Звонок',
            'Информирование', 'Разбор'].freeze

statuses = OPEN.map { |name| status(name, false) } + CLOSED.map { |name| status(name, true) }
trackers = TRACKERS.map do |name|
  Tracker.find_or_create_by!(name: name) { |made| made.default_status = statuses.first }
end

roles = Role.givable.where(name: %w[Робот Менеджер Разработчик]).to_a
roles.product(trackers).each do |role, tracker|
  # An issue may be made in any status (old_status_id 0) and moved from any to any.
  pairs = statuses.map { |made| [0, made.id] } + statuses.map(&:id).permutation(2).to_a
  pairs.each do |old, new|
    WorkflowTransition.find_or_create_by!(tracker_id: tracker.id, role_id: role.id,
                                          old_status_id: old, new_status_id: new)
  end
end

# Attached to the projects by name: of a field «for all projects» the daemon's account, which is no
# administrator, cannot learn the id before an issue has it.
def field(name, format, **options)
  made = IssueCustomField.find_by(name: name) || IssueCustomField.new(name: name, field_format: format)
  made.assign_attributes({ is_for_all: false, is_filter: true, project_ids: Project.pluck(:id) }.merge(options))
  made.save!
end

ids = trackers.map(&:id)
['Ключ', 'Пункт регламента', 'Источник', 'Номер обращения', 'Адрес', 'Категория', 'Подкатегория',
 'Срок (дата и время)', 'Показатель', 'Результат', 'Оценка'].each { |name| field(name, 'string', tracker_ids: ids) }
%w[Меры Причины Упреждение].each { |name| field(name, 'text', tracker_ids: ids) }

Project.all.each { |project| project.update!(trackers: Tracker.all.to_a) }
