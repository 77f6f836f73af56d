"""The vendor's side, without HTTP: takes messages, delivers them, reports what became of them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import get_args

import msgspec
from msgspec import Struct

from wa_bulk.api import Body, Message, SendReply, TemplateBody, e164
from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.sandbox.account_storage import load_keys, load_templates, save_keys, save_templates
from wa_bulk.sandbox.behaviour import Behaviour, behaviour_of
from wa_bulk.sandbox.callbacks import Callbacks, CallbackSettings
from wa_bulk.sandbox.delivery import DeliveryPlanner, Step
from wa_bulk.sandbox.events import Events, event
from wa_bulk.sandbox.faults import Faults
from wa_bulk.sandbox.hosts import CallbackHosts
from wa_bulk.sandbox.ids import MessageIds
from wa_bulk.sandbox.keys import DEFAULT_NUMBER, AnyKey
from wa_bulk.sandbox.models import (
    NewMessage,
    Record,
    RecordError,
    StatusChange,
    content_digest,
    search_text,
)
from wa_bulk.sandbox.queries import Queries
from wa_bulk.sandbox.reports import UserReply, response_row, status_row
from wa_bulk.sandbox.request_rate import RequestRate
from wa_bulk.sandbox.settings import SandboxSettings
from wa_bulk.sandbox.store import MEMORY_CAP, Store
from wa_bulk.sandbox.transit import CallbackOrder, InTransit, Transit
from wa_bulk.sandbox.writer import Commit, Writer

WINDOW_MS = 24 * 3600 * 1000
"""How long after a person wrote they may be sent anything but templates (Meta)."""


class Stats(Struct, frozen=True):
    """The counters.

    `requests_per_s`: requests to send in the last whole second. `capacity` null: no cap. `dropped`: how
    many of the oldest messages the cap removed. `callbacks_missed`: callback rows that were not answered
    with 200, `callback_error` why the last one was not. `storage_error`: why the database cannot be
    written.
    """

    messages: int
    recipients: int
    duplicates: int
    failed: int
    by_status: dict[str, int]
    requests: int
    refused: int
    requests_per_s: float
    capacity: int | None
    dropped: int
    callbacks_missed: int
    callback_error: str | None
    storage_error: str | None
    uptime_s: float


MediaProblem = Callable[[Message], Awaitable[str | None]]
"""Looks at a message's media and says why one cannot be sent."""


class EngageLab:
    """One account at the vendor's. To be made and used inside one running event loop."""

    def __init__(self, settings: SandboxSettings, media_problem: MediaProblem | None = None) -> None:
        """Open the database and go on with its deliveries. Raises StoreError when it cannot be used."""
        self.media_problem = media_problem
        self._cap = settings.cap if settings.cap is not None or settings.db else MEMORY_CAP
        self.store = Store(settings.db, self._cap)
        try:
            self.keys = load_keys(self.store, settings)
            self.templates = load_templates(self.store, settings)
            self._last_inbound_ms = self.store.queries.last_inbound()
            in_transit = self.store.queries.in_transit()
        except BaseException:
            self.store.close()
            raise
        self.faults = Faults(
            settings.faults
            if settings.faults.seed or not settings.seed
            else msgspec.structs.replace(settings.faults, seed=settings.seed)
        )
        self.callbacks = Callbacks(settings.callbacks)
        self.callback_hosts = CallbackHosts(settings.allow_callback_hosts, settings.callbacks.url)
        self.events = Events(self.stats)
        self.request_rate = RequestRate()
        self.refused = 0
        self.closing = asyncio.Event()
        self._transit = Transit(self._on_step, lambda: self.callbacks.enabled or self.events.listening)
        self.writer = Writer(self.store, self.events, self._transit.catch_up)
        self.planner = DeliveryPlanner(settings.delivery, settings.seed)
        self._ids = MessageIds()
        self._request_ids: deque[str] = deque(maxlen=2)
        self._held_rows: dict[int, list[CallbackRow]] = {}
        self._resume(in_transit)

    def save_keys(self) -> None:
        """Save the keys after a change. Raises StoreError."""
        save_keys(self.store, self.keys)

    def save_templates(self) -> None:
        """Save the templates after a change. Raises StoreError."""
        save_templates(self.store, self.templates)

    # ---- messages

    @property
    def queries(self) -> Queries:
        """What is stored, every message as far as it has come by now."""
        self.writer.flush()
        return self.store.queries

    def accept(
        self,
        message: Message,
        payload: bytes,
        headers: str,
        key: AnyKey,
        *,
        numeric_id: bool = False,
        media_problem: str | None = None,
    ) -> tuple[bytes, list[InTransit]]:
        """Add a message for each of its recipients; returns the reply's body and the deliveries to start.

        `media_problem` is why a medium cannot be sent. Raises Refusal when the template is missing or does
        not fit.
        """
        rendered = (
            self.templates.fill(message.body.template) if isinstance(message.body, TemplateBody) else None
        )
        template = message.body.template.name if isinstance(message.body, TemplateBody) else None
        message_id = self._ids.next_numeric() if numeric_id else self._ids.next()
        if message.request_id is not None:
            self._request_ids.append(message.request_id)
        reply = _encode(SendReply(message_id, message.request_id))
        store = self.store
        exchange = store.add_exchange(headers, payload, 200, reply)
        at_ms = time.time_ns() // 1_000_000
        rendered_json = None if rendered is None else _encode(rendered)
        kind = _KINDS[type(message.body)]
        in_transit = []
        for contact in message.recipients:
            number = store.next_id()
            store.add(
                NewMessage(
                    number,
                    message_id,
                    exchange,
                    False,
                    contact,
                    message.from_,
                    kind,
                    template,
                    rendered_json,
                    search_text(message, contact, rendered),
                    content_digest(contact, message.body),
                    at_ms,
                )
            )
            behaviour = behaviour_of(contact)
            window_open = self._window_is_open(contact, at_ms)
            in_transit.append(
                InTransit(
                    number,
                    message_id,
                    message.from_ or key.default_number,
                    contact,
                    message.custom_args,
                    self.planner.without_medium(media_problem)
                    if media_problem is not None
                    else self.planner.steps(behaviour, within_window=window_open or rendered is not None),
                    self.planner.pace(),
                    window_open,
                    self._callback_order(behaviour),
                )
            )
            self.writer.added(number)
        self.writer.make_room()
        self.writer.schedule()
        return reply, in_transit

    def _window_is_open(self, contact: str, at_ms: int) -> bool:
        """Tell whether this person wrote within the 24 hours before."""
        return at_ms - self._last_inbound_ms.get(contact, -WINDOW_MS) < WINDOW_MS

    def _callback_order(self, behaviour: Behaviour | None) -> CallbackOrder:
        if behaviour is not None and behaviour.kind == "callbacks":
            return _CALLBACK_ORDERS[behaviour.name]
        if not self.callbacks.enabled:
            return "in-order"
        return _CALLBACK_ORDERS[self.planner.drawn(self.callbacks.settings.shares.items()) or "in-order"]

    def new_id(self) -> str:
        """Return an id that nothing else has."""
        return self._ids.next()

    def other_request_id(self, own: str | None) -> str:
        """Return the request_id of the latest other request."""
        return next((known for known in reversed(self._request_ids) if known != own), "another-request")

    def start_delivery(self, in_transit: Iterable[InTransit]) -> list[CallbackRow]:
        """Start deliveries; returns the callback rows that must go before the reply."""
        early: list[CallbackRow] = []
        for message in in_transit:
            if message.callback_order == "early":
                early += self._first_rows(message)
            self._transit.start(message)
        return early

    async def start_after(self, commit: Commit, in_transit: Iterable[InTransit]) -> list[CallbackRow]:
        """Start deliveries once their messages are committed. Raises StoreError when they cannot be."""
        if (error := await commit) is not None:
            raise error
        return self.start_delivery(in_transit)

    def _first_rows(self, message: InTransit) -> list[CallbackRow]:
        rows = []
        while not message.finished:
            step = message.steps[message.position]
            message.position += 1
            self._apply(message, step, time.monotonic())
            rows.append(self._row(message, step))
            if step.status == "sent":
                break
        return rows

    def _on_step(self, message: InTransit, step: Step, due: float) -> None:
        self._apply(message, step, due)
        if not self.callbacks.enabled:
            return
        row = self._row(message, step)
        match message.callback_order:
            case "late":
                self.callbacks.add_late([row])
            case "repeated":
                self.callbacks.add([row, row])
            case "out-of-order":
                held = self._held_rows.setdefault(message.id, [])
                held.insert(0, row)
                if message.finished:
                    self.callbacks.add(self._held_rows.pop(message.id))
            case _:
                self.callbacks.add([row])

    def _row(self, message: InTransit, step: Step) -> CallbackRow:
        return status_row(message, step, int(time.time()))

    def _apply(self, message: InTransit, step: Step, due: float) -> None:
        status = step.becomes
        if status is None:
            return
        error = RecordError(step.error, step.error_text) if step.error else None
        at_ms = int((time.time() - time.monotonic() + due) * 1000)
        change = StatusChange(message.id, message.status, status, at_ms, error)
        message.status = status
        self.store.change(change)
        self.writer.changed(change)
        self.writer.schedule()

    def receive_inbound(self, reply: UserReply) -> Record:
        """Receive what a person writes: their window opens, and a callback reports it.

        Raises ValueError when a number cannot be read, StoreError when it cannot be stored.
        """
        reply = msgspec.structs.replace(
            reply, from_=e164(reply.from_), to=e164(reply.to) if reply.to else DEFAULT_NUMBER
        )
        number = self.store.next_id()
        message_id = self._ids.next()
        at_ms = time.time_ns() // 1_000_000
        body = {"type": "text", "text": {"body": reply.text}}
        payload = _encode({"from": reply.from_, "to": reply.to, "body": body})
        self.store.add(
            NewMessage(
                id=number,
                message_id=message_id,
                exchange=self.store.add_exchange("{}", payload, None, None),
                incoming=True,
                contact=reply.from_,
                sender=reply.to,
                type="text",
                template=None,
                rendered=None,
                search=f"{reply.from_}\n{reply.to}\n{reply.text}".casefold(),
                digest=None,
                at_ms=at_ms,
            )
        )
        self.writer.added(number)
        self._transit.catch_up()
        if (error := self.writer.commit()) is not None:
            raise error
        self._last_inbound_ms[reply.from_] = at_ms
        answered_from = (
            self.store.queries.sender_of(reply.reply_to, reply.from_) if reply.reply_to is not None else None
        )
        self.callbacks.add([response_row(reply, message_id, answered_from, at_ms // 1000)])
        self.writer.schedule()
        return self.store.queries.records([number])[0]

    def set_callbacks(self, settings: CallbackSettings) -> None:
        """Post callbacks as `settings` say from now on."""
        self.callbacks.settings = settings
        self._transit.catch_up()

    def clear(self) -> None:
        """Delete every message and stop every delivery. People's windows close. Raises StoreError."""
        self.writer.commit()
        self.store.clear()
        self._transit.discard()
        self._held_rows.clear()
        self._last_inbound_ms.clear()
        self.writer.discard()
        self.callbacks.discard()
        self.events.publish(event("cleared", {}))

    def _resume(self, records: Iterable[Record]) -> None:
        """Go on with the deliveries that an earlier run with the same database left unfinished."""
        at_ms = time.time_ns() // 1_000_000
        for record in records:
            window_open = self._window_is_open(record.contact, at_ms)
            steps = self.planner.steps(
                behaviour_of(record.contact), within_window=window_open or record.type == "template"
            )
            done = ("plan", "target_valid", "sent") if record.status == "sent" else ("plan", "target_valid")
            self._transit.start(
                InTransit(
                    record.id,
                    record.message_id,
                    record.from_ or DEFAULT_NUMBER,
                    record.contact,
                    record.custom_args,
                    tuple(step for step in steps if step.status not in done),
                    self.planner.pace(),
                    window_open,
                    status=record.status,
                )
            )

    # ---- as a whole

    def stats(self) -> Stats:
        """Return the counters, as of now."""
        recipients = self.queries.recipients()
        totals = self.store.totals
        callbacks = self.callbacks.state
        return Stats(
            messages=totals.messages,
            recipients=recipients,
            duplicates=totals.duplicates,
            failed=totals.by_status["failed"],
            by_status=totals.statuses(),
            requests=self.request_rate.total,
            refused=self.refused,
            requests_per_s=self.request_rate.per_second(),
            capacity=self._cap,
            dropped=totals.dropped,
            callbacks_missed=callbacks.missed,
            callback_error=callbacks.last_error,
            storage_error=self.writer.error,
            uptime_s=self.request_rate.uptime_s(),
        )

    async def settled(self) -> None:
        """Wait until every message has come as far as it will and every callback was posted."""
        await self._transit.settled()
        await self.callbacks.settled()
        self.writer.write()

    async def close(self) -> None:
        """Write what waits and close the database."""
        self.closing.set()
        self._transit.discard()
        self.events.close()
        self.writer.close()
        await self.callbacks.close()
        self.store.close()


_encode = msgspec.json.Encoder().encode
_KINDS = {kind: str(kind.__struct_config__.tag) for kind in get_args(Body)}
_CALLBACK_ORDERS: dict[str, CallbackOrder] = {order: order for order in get_args(CallbackOrder)}
