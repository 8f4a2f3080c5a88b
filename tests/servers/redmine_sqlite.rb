# Not stock Redmine. For the test instance only: SQLite that bears concurrent writers.
#
# Stock Redmine on SQLite answers 500 «database is locked» as soon as two requests write at once;
# sites run PostgreSQL or MySQL, where that does not happen.
#  1. BEGIN IMMEDIATE: two writers queue; a deferred transaction dead-locks on its upgrade.
#  2. A busy handler in Ruby that gives the interpreter lock away while it sleeps; SQLite's own
#     holds it, so that the thread that has the database lock can never finish.
#  3. WAL: readers do not hold up the writer's commit.
#  4. No thread of jobs: one that the end of the process kills in that busy handler still holds
#     SQLite's mutex, and closing the connection then waits for it for ever.
config.active_job.queue_adapter = :inline

ActiveSupport.on_load(:active_record) do
  require 'active_record/connection_adapters/sqlite3_adapter'
  ActiveRecord::ConnectionAdapters::SQLite3Adapter.prepend(Module.new do
    def begin_db_transaction
      log('begin immediate transaction', nil) { @connection.transaction(:immediate) }
    end

    private

    def configure_connection
      super
      @connection.busy_handler { |tries| sleep(0.003) && tries < 5000 }
      @connection.execute('PRAGMA journal_mode=WAL')
      @connection.execute('PRAGMA synchronous=OFF')
    end
  end)
end
