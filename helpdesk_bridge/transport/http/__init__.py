"""The wire: one request, one answer. The only package that imports aiohttp's client.

aiohttp's habits that would hurt here are switched off in it, each with its reason beside it, and
each of its exceptions is turned into one of ours. It is imported when the first request is made.
"""

from helpdesk_bridge.transport.http.client import HttpClient

__all__ = ["HttpClient"]
