"""The permits of a rate limit that several machines share, in Redis."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from helpdesk_bridge.errors import Cause, ConfigurationError
from helpdesk_bridge.transport.rate_limits import Rate, unasked

if TYPE_CHECKING:
    import redis

__all__ = ["RedisStore"]

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local yields = ARGV[2] == '1'
local wait = 0
local function room(key, count, longest)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
  redis.call('ZREMRANGEBYSCORE', key, string.format('(%.0f', now + longest), '+inf')
  local over = redis.call('ZCARD', key) - count
  if over >= 0 then
    wait = math.max(wait, redis.call('ZRANGE', key, over, over, 'WITHSCORES')[2] - now)
  end
end
local function write(key, counts, longest)
  redis.call('ZADD', key, string.format('%.0f', now + counts), ARGV[1])
  redis.call('PEXPIRE', key, math.ceil(longest / 1000))
end
local function figure(i, number)
  return tonumber(ARGV[3 * i - 3 + number])
end
if yields and redis.call('EXISTS', KEYS[1]) == 1 then
  wait = redis.call('PTTL', KEYS[1]) * 1000
end
for i = 2, #KEYS, 2 do
  if yields then
    room(KEYS[i], figure(i, 2), figure(i, 4))
    if figure(i, 5) > 0 then
      room(KEYS[i + 1], figure(i, 5), figure(i, 6))
    end
  else
    room(KEYS[i], figure(i, 1), figure(i, 4))
  end
end
if wait > 0 then
  if not yields then
    redis.call('SET', KEYS[1], '', 'PX', ARGV[3])
  end
  return wait
end
for i = 2, #KEYS, 2 do
  write(KEYS[i], figure(i, 4), figure(i, 4))
  if yields and figure(i, 5) > 0 then
    write(KEYS[i + 1], figure(i, 6), figure(i, 6))
  end
end
return 0
"""
"""KEYS: the mark of whoever waits and does not yield, and for each rate two sorted sets of permits
by when they end (microseconds since 1970), the second for the spread of those who yield.
ARGV: the permit, whether it was used (or yields, when it is taken), how long a mark counts
(milliseconds), and of each rate six figures: its count, how many of it those who yield may have,
its period, how long a permit may count at most, and the spread's count (0: there is none) and
period (microseconds). What would count longer was written by a wrong clock."""

_GIVE_BACK = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i = 2, #KEYS, 2 do
  if ARGV[2] == '1' then
    redis.call('ZADD', KEYS[i], string.format('%.0f', now + ARGV[3 * i]), ARGV[1])
    redis.call('PEXPIRE', KEYS[i], math.ceil(ARGV[3 * i + 1] / 1000))
  else
    redis.call('ZREM', KEYS[i], ARGV[1])
  end
end
"""


class RedisStore:
    """Permits in sorted sets, changed by scripts that run whole or not at all.

    Args:
        rates: those that hold at once.
        url: ``redis://…``, ``rediss://…`` or ``unix://…``.
        name: that of the vendor account, the same in all processes.
        longest: how long a request may take (seconds) before its process counts as dead.
        mark: how long who waits counts as waiting (seconds) after it has asked.
        patience: how long Redis may take to answer (seconds).

    Raises:
        ConfigurationError: the extra is not installed, or ``url`` is none.
    """

    def __init__(
        self,
        rates: tuple[Rate, ...],
        url: str,
        name: str,
        *,
        longest: float,
        mark: float,
        patience: float,
    ) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise ConfigurationError(
                'RedisLimiter needs the extra "redis": pip install "helpdesk-bridge[redis]"'
            ) from None
        self._trouble: type[Exception] = redis.RedisError
        client: redis.Redis | None = None
        with suppress(
            ValueError, TypeError, AttributeError
        ):  # its text may hold the URL, and so a password
            f"{url}{name}".encode()  # half of a surrogate pair has no form in UTF-8
            asked = redis.Redis.from_url(
                url,
                socket_timeout=patience,
                socket_connect_timeout=patience,
                retry=Retry(NoBackoff(), 1),  # a kept connection may be dead; the rest is ours
            )
            asked.connection_pool.make_connection()  # sees to the options of the URL
            client = asked
        if client is None:
            raise ConfigurationError("the url of RedisLimiter is redis://…, rediss://… or unix://…")
        # In braces: all the keys lie on one node of a cluster.
        account = f"helpdesk_bridge:{{{name}}}"
        self._keys = [f"{account}:waiting"]
        self._figures = [round(mark * 1000)]
        for rate in rates:
            self._keys += [f"{account}:{rate.period:g}", f"{account}:{rate.period:g}:spread"]
            spread = rate.spread
            self._figures += [
                *(rate.count, rate.yielding),
                *(_micro(rate.period), _micro(rate.period + longest)),
                *((0, 0) if spread is None else (spread.count, _micro(spread.period))),
            ]
        self._take = client.register_script(_TAKE)
        self._give_back = client.register_script(_GIVE_BACK)

    def take(self, permit: str, *, yields: bool = False) -> float:
        """Take ``permit`` and return 0, or return the seconds until it is worth asking again."""
        return self._run(self._take, permit, said=yields) / 1_000_000

    def give_back(self, permit: str, *, used: bool) -> None:
        """End ``permit``: at once, or when ``used`` in a period."""
        self._run(self._give_back, permit, said=used)

    def _run(self, script: Callable[..., Any], permit: str, *, said: bool) -> int:
        try:
            return int(script(keys=self._keys, args=[permit, int(said), *self._figures]) or 0)
        except self._trouble as error:
            cause = Cause.of(error)
        raise unasked("Redis does not answer") from cause


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)
