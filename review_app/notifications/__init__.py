"""Telling: alarms reach people, and decisions reach programs.

What is to be told lies in an outbox (`storage.repositories.outbox`), written with what happened. A
worker delivers it to whoever has subscribed: by signed calls (`webhooks`, `signing`) and by mail
(`mail`), again and again if need be (`backoff`). `watch` looks what needs an admin (`conditions`),
`messages` words it.
"""
