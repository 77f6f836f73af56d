"""The ways to send that wa_bulk is compared with, each written as a good tutorial would, and wa_bulk's own.

`send_all(url, messages, tasks)` sends every message, `tasks` at a time, and fails on the first bad reply.
"""
