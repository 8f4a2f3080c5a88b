# Not stock Redmine. For the test instance only: a clock that a test turns by hand.
#
# While the file REDMINE_CLOCK stands there, each request happens at the moment that is written in it
# (seconds since 1970): a day is played through REST in a minute, and its stamps are those of the day.
module HandTurnedClock
  class Request
    def initialize(app)
      @app = app
    end

    def call(env)
      Thread.current[:hand_turned] = File.exist?(CLOCK) ? File.read(CLOCK).to_i : nil
      @app.call(env)
    ensure
      Thread.current[:hand_turned] = nil
    end
  end

  CLOCK = ENV.fetch('REDMINE_CLOCK')

  module Times
    def now(*zone, **options)
      seconds = Thread.current[:hand_turned]
      seconds ? at(seconds) : super
    end
  end

  module Dates
    def today(*start)
      Thread.current[:hand_turned] ? Time.now.to_date : super
    end
  end
end

Time.singleton_class.prepend(HandTurnedClock::Times)
Date.singleton_class.prepend(HandTurnedClock::Dates)
config.middleware.insert(0, HandTurnedClock::Request)
