"""What the API posts to a callback address: statuses, people's replies, notifications.

Source: the vendor's page on callbacks; Meta's error codes as they surface there.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

MessageStatus = Literal[
    "plan",
    "target_valid",
    "target_invalid",
    "sent",
    "delivered",
    "read",
    "sent_failed",
    "delivered_failed",
    "delivered_timeout",
]
"""`delivered_timeout`: delivery was not confirmed within 5 minutes; it may be later."""

MILLISECONDS_FROM = 100_000_000_000
"""A time of the vendor at or above this is in milliseconds, one below it in seconds."""

ConversationOrigin = Literal["business_initiated", "customer_initiated", "referral_conversion"]
"""Who began a conversation: `customer_initiated` when the person wrote within the 24 hours before."""


class ErrorDetail(Struct, frozen=True):
    message: str


class Loss(Struct, frozen=True):
    """Where a message was lost: step 1 target, 2 send, 3 delivery."""

    loss_step: Literal[1, 2, 3]
    loss_source: Literal["engagelab", "meta"]


class StatusData(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known beside the status.

    `msg_time` is in seconds since 1970, `country_code` the recipient's country (ISO 3166, as in `GB`),
    `conversation` `{"id", "origin": {"type": ConversationOrigin}}`, `pricing` `{"pricing_model",
    "category"}`. `plan_user_total` comes with the status `plan` only.
    """

    msg_time: int
    channel_message_id: str | None = None
    whatsapp_business_account_id: str | None = None
    timezone: str | None = None
    plan_user_total: int | None = None
    country_code: str | None = None
    from_phone_id: str | None = None
    conversation: dict[str, object] | None = None
    pricing: dict[str, object] | None = None


class StatusReport(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One step of a message to one recipient. `error_code` is 0 where nothing failed."""

    message_status: MessageStatus
    status_data: StatusData
    error_code: int | None = None
    error_detail: ErrorDetail | None = None
    loss: Loss | None = None


class ResponseReport(Struct, frozen=True, kw_only=True):
    """Something a person wrote or did.

    `response_data` holds `channel_message_id`, `whatsapp_business_account_id`, `contact` (`{"profile":
    {"name"}, "wa_id"}`), `message` (with its `type`) and, for a reply,
    `message_context` (`origin_from_phone`, `origin_channel_message_id`, `origin_from_phone_id`,
    `origin_message_id`).
    """

    event: Literal["received", "reply", "order", "deleted"]
    response_data: dict[str, object]


class NotificationReport(Struct, frozen=True, kw_only=True):
    """A notification about the account, a number or a template.

    `notification_data` always holds `whatsapp_business_account_id`. Beside it, for `insufficient_balance`:
    `remain_balance` and `balance_threshold` (USD); `template_update`: `template_id`, `template_name`,
    `template_language`, `template_status` and `template_status_reason`; `phone_number_update`:
    `phone_number_id`, `display_phone_number` and `current_limit`; `whatsapp_business_update`: `waba_event`,
    and with it `ban_state` or `violation_type`. `delivery_estimate_cost`, with `estimated_cost` in USD x
    10,000, is not on the vendor's page.
    """

    event: Literal[
        "insufficient_balance",
        "template_update",
        "phone_number_update",
        "whatsapp_business_update",
        "delivery_estimate_cost",
    ]
    notification_data: dict[str, object]


NOTIFICATION_VALUES: dict[str, tuple[str, ...]] = {
    "template_status": ("APPROVED", "REJECTED", "PENDING", "DISABLED", "FLAGGED", "REINSTATED"),
    "current_limit": ("TIER_50", "TIER_250", "TIER_1K", "TIER_10K", "TIER_100K", "TIER_UNLIMITED"),
    "waba_event": ("DISABLED_UPDATE", "ACCOUNT_VIOLATION"),
    "ban_state": ("DISABLE",),
    "violation_type": ("SPAM", "SCAM"),
}
"""The values the vendor's page lists for fields of `notification_data`. The sets are open."""


class CallbackRow(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that happened; exactly one of `status`, `response` and `notification` is there.

    `itime` is in seconds since 1970; `custom_args` are those of the request.
    """

    server: str
    itime: int
    message_id: str | None = None
    from_: str | None = field(default=None, name="from")
    to: str | None = None
    channel: str | None = None
    custom_args: dict[str, object] | None = None
    status: StatusReport | None = None
    response: ResponseReport | None = None
    notification: NotificationReport | None = None


class CallbackBatch(Struct, frozen=True):
    """The body of one callback request."""

    total: int
    rows: list[CallbackRow]


ErrorKind = Literal["throttled", "transient", "recipient", "template", "account"]


class MetaError(Struct, frozen=True):
    """One of Meta's error codes that may surface as `error_code`."""

    code: int
    kind: ErrorKind
    meaning: str


META_ERRORS: dict[int, MetaError] = {
    row.code: row
    for row in (
        MetaError(4, "throttled", "The app has made too many calls"),
        MetaError(80007, "throttled", "The business account has reached its rate limit"),
        MetaError(130429, "throttled", "Too many messages were sent in a short time"),
        MetaError(131056, "throttled", "Too many messages were sent to this recipient in a short time"),
        MetaError(133016, "throttled", "The number was registered too often in a short time"),
        MetaError(131000, "transient", "Something went wrong at Meta"),
        MetaError(131016, "transient", "A service of Meta is not available for now"),
        MetaError(131053, "transient", "The medium could not be uploaded"),
        MetaError(131057, "transient", "The account is under maintenance"),
        MetaError(130472, "recipient", "The recipient is part of an experiment of Meta's"),
        MetaError(131021, "recipient", "The recipient is the sending number itself"),
        MetaError(131026, "recipient", "The message cannot be delivered to this recipient"),
        MetaError(131030, "recipient", "The recipient is not on the list of allowed numbers"),
        MetaError(131047, "recipient", "More than 24 hours have passed since the recipient last wrote"),
        MetaError(131049, "recipient", "Meta held the message back for the sake of the recipient"),
        MetaError(131050, "recipient", "The recipient has stopped marketing messages from this business"),
        MetaError(131008, "template", "A required parameter is missing"),
        MetaError(131009, "template", "The value of a parameter is not valid"),
        MetaError(131051, "template", "The type of message is not supported"),
        MetaError(131052, "template", "The medium could not be downloaded"),
        MetaError(132000, "template", "The number of parameters differs from the template's"),
        MetaError(132001, "template", "The template does not exist in this language"),
        MetaError(132005, "template", "The text is too long once its values are filled in"),
        MetaError(132007, "template", "The template breaks a rule of Meta's"),
        MetaError(132008, "template", "The template breaks a rule of Meta's for texts"),
        MetaError(132012, "template", "The format of a parameter differs from the template's"),
        MetaError(132015, "template", "The template is paused for its low quality"),
        MetaError(132016, "template", "The template was paused too often and is now disabled"),
        MetaError(10, "account", "The account lacks a permission, or lost it"),
        MetaError(190, "account", "The access token has expired"),
        MetaError(368, "account", "The account is blocked for breaking a policy"),
        MetaError(130497, "account", "The business may not send to this country"),
        MetaError(131005, "account", "Access is denied"),
        MetaError(131031, "account", "The account is locked"),
        MetaError(131037, "account", "The number's display name is not approved"),
        MetaError(131042, "account", "Something is wrong with the payment method"),
        MetaError(131045, "account", "The number is not registered"),
    )
}
"""Meta's codes by what follows from them. The set is open."""
