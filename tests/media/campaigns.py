"""A campaign whose pictures stand at links."""

IMAGE = """
name = "orders"
recipients = "orders.csv"
[message]
to = "{phone}"
[message.body]
type = "image"
[message.body.image]
link = "%s"
"""
