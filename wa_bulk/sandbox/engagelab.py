"""The vendor's side of things, without HTTP: takes messages, lets them travel, tells what became of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import get_args

import msgspec
from msgspec import Struct

from wa_bulk.api import Body, Message, SendReply, TemplateBody, e164
from wa_bulk.api.callbacks import META_ERRORS, CallbackRow
from wa_bulk.sandbox.behaviour import Behaviour, behaviour_of
from wa_bulk.sandbox.callbacks import Callbacks, CallbackSettings
from wa_bulk.sandbox.events import Events, event
from wa_bulk.sandbox.faults import Faults
from wa_bulk.sandbox.ids import MessageIds
from wa_bulk.sandbox.journey import Journeys, Planner, Step, Traveller
from wa_bulk.sandbox.keys import DEFAULT_NUMBER, Key, Keys, keys_from_the_start
from wa_bulk.sandbox.models import (
    NewMessage,
    Record,
    RecordError,
    StatusChange,
    content_digest,
    rfc3339,
    search_text,
)
from wa_bulk.sandbox.reports import UserReply, response_row, status_row
from wa_bulk.sandbox.request_rate import Arrivals
from wa_bulk.sandbox.settings import SandboxSettings
from wa_bulk.sandbox.store import MEMORY_CAP, Store
from wa_bulk.sandbox.templates import SandboxTemplate, Templates, templates_from_the_start

WINDOW_MS = 24 * 3600 * 1000
"""How long after a person wrote they may be sent anything but templates (Meta)."""
_TELL_AFTER_S = 0.05
_WRITE_AFTER_S = 1.0
_WAIT_MAX = 10_000
_WRITE_AT_ONCE = 1_000
_TELL_MAX = 300


class Stats(Struct, frozen=True):
    """`arrivals_per_s`: requests to send in the last whole second. `capacity` null: no cap. `dropped`: how
    many of the oldest messages went because of the cap."""

    messages: int
    recipients: int
    duplicates: int
    failed: int
    by_status: dict[str, int]
    requests: int
    refused: int
    arrivals_per_s: float
    capacity: int | None
    dropped: int
    uptime_s: float


class EngageLab:
    """One account at the vendor's. To be made and used inside one running event loop."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._cap = settings.cap if settings.cap is not None or settings.db else MEMORY_CAP
        self.store = Store(settings.db, self._cap)
        self._keeps_on_disk = settings.db is not None
        self.keys = self._load_keys(settings)
        self.templates = self._load_templates(settings)
        self.faults = Faults(
            settings.faults
            if settings.faults.seed or not settings.seed
            else msgspec.structs.replace(settings.faults, seed=settings.seed)
        )
        self.callbacks = Callbacks(settings.callbacks)
        self.events = Events(self.stats)
        self.arrivals = Arrivals()
        self.refused = 0
        self.closing = asyncio.Event()
        self._journeys = Journeys(self._on_step, lambda: self.callbacks.wanted or self.events.listening)
        self.planner = Planner(settings.delivery, settings.seed)
        self._ids = MessageIds()
        self._heard_ms = self.store.last_heard()
        self._held_rows: dict[int, list[CallbackRow]] = {}
        self._write_timer: asyncio.TimerHandle | None = None
        self._new_ids: list[int] = []
        self._changes: list[StatusChange] = []
        self._resume_journeys()

    def _load_keys(self, settings: SandboxSettings) -> Keys:
        saved = self.store.load("key")
        known = [] if saved is None else [msgspec.json.decode(row, type=Key) for row in saved]
        if saved is None:
            return Keys(keys_from_the_start(settings.key, settings.secret))
        return Keys([*known, Key(key=settings.key, secret=settings.secret)])

    def _load_templates(self, settings: SandboxSettings) -> Templates:
        saved = self.store.load("template")
        if saved is None:
            return Templates(templates_from_the_start(), settings.review)
        return Templates([msgspec.json.decode(row, type=SandboxTemplate) for row in saved], settings.review)

    def keep_keys(self) -> None:
        """Writes the keys down, after they were changed."""
        self.store.save("key", {key.key: msgspec.json.encode(key) for key in self.keys})

    def keep_templates(self) -> None:
        """Writes the templates down, after they were changed."""
        self.store.save("template", {row.id: msgspec.json.encode(row) for row in self.templates})

    # ---- messages

    @property
    def kept(self) -> Store:
        """The store, every message in it as far as it has come by now."""
        self._journeys.wake()
        return self.store

    def accept(
        self, message: Message, payload: bytes, headers: str, key: Key
    ) -> tuple[bytes, list[Traveller]]:
        """Takes a message for each of its recipients; gives the reply's body and those on their way.

        Raises Refusal when the template is missing or does not fit.
        """
        rendered = (
            self.templates.fill(message.body.template) if isinstance(message.body, TemplateBody) else None
        )
        template = message.body.template.name if isinstance(message.body, TemplateBody) else None
        message_id = self._ids.next()
        reply = _encode(SendReply(message_id, message.request_id))
        store = self.store
        exchange = store.add_exchange(headers, payload, 200, reply)
        at_ms = time.time_ns() // 1_000_000
        rendered_json = None if rendered is None else _encode(rendered)
        kind = _KINDS[type(message.body)]
        travellers = []
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
            within_window = (
                rendered is not None or at_ms - self._heard_ms.get(contact, -WINDOW_MS) < WINDOW_MS
            )
            travellers.append(
                Traveller(
                    number,
                    message_id,
                    message.from_ or key.default_number,
                    contact,
                    message.custom_args,
                    self.planner.steps(behaviour, within_window=within_window),
                    self.planner.pace(),
                    self._manner(behaviour),
                )
            )
            if self.events.listening:
                self._new_ids.append(number)
        self._make_room()
        self._write_soon()
        return reply, travellers

    def _manner(self, behaviour: Behaviour | None) -> str:
        if behaviour is not None and behaviour.kind == "callbacks":
            return behaviour.name
        if not self.callbacks.wanted:
            return ""
        return self.planner.drawn(self.callbacks.settings.shares.items()) or ""

    def depart(self, travellers: Iterable[Traveller]) -> list[CallbackRow]:
        """Sends the messages on their way; gives the callback rows that must go before the reply."""
        early: list[CallbackRow] = []
        for traveller in travellers:
            if traveller.manner == "early":
                early += self._first_rows(traveller)
            self._journeys.start(traveller)
        return early

    def _first_rows(self, traveller: Traveller) -> list[CallbackRow]:
        rows = []
        while not traveller.arrived:
            step = traveller.steps[traveller.position]
            traveller.position += 1
            self._move(traveller, step, time.monotonic())
            rows.append(self._row(traveller, step))
            if step.status == "sent":
                break
        return rows

    def _on_step(self, traveller: Traveller, step: Step, due: float) -> None:
        self._move(traveller, step, due)
        if not self.callbacks.wanted:
            return
        row = self._row(traveller, step)
        match traveller.manner:
            case "late":
                self.callbacks.add_late([row])
            case "repeated":
                self.callbacks.add([row, row])
            case "out-of-order":
                held = self._held_rows.setdefault(traveller.id, [])
                held.insert(0, row)
                if traveller.arrived:
                    self.callbacks.add(self._held_rows.pop(traveller.id))
            case _:
                self.callbacks.add([row])

    def _row(self, traveller: Traveller, step: Step) -> CallbackRow:
        return status_row(traveller, step, int(time.time()))

    def _move(self, traveller: Traveller, step: Step, due: float) -> None:
        status = step.becomes
        if status is None:
            return
        error = RecordError(step.error, META_ERRORS[step.error].meaning) if step.error else None
        at_ms = int((time.time() - time.monotonic() + due) * 1000)
        change = StatusChange(traveller.id, traveller.status, status, at_ms, error)
        traveller.status = status
        self.store.change(change)
        if self.events.listening:
            self._changes.append(change)
        self._write_soon()

    def hear(self, reply: UserReply) -> Record:
        """What a person writes: opens their window, and is told to the callback address.

        Raises ValueError when a number is none.
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
        self._heard_ms[reply.from_] = at_ms
        self.callbacks.add([response_row(reply, message_id, at_ms // 1000)])
        if self.events.listening:
            self._new_ids.append(number)
        self._write_soon()
        return self.store.records([number])[0]

    def set_callbacks(self, settings: CallbackSettings) -> None:
        """Says where callbacks go from now on."""
        self.callbacks.settings = settings
        self._journeys.wake()

    def clear(self) -> None:
        """Forgets every message and what was under way. People's windows close."""
        self._journeys.forget()
        self._held_rows.clear()
        self._heard_ms.clear()
        self._new_ids.clear()
        self._changes.clear()
        self.callbacks.forget()
        self.store.clear()
        self.events.publish(event("cleared", {}))

    def _resume_journeys(self) -> None:
        """Sends on what an earlier run with the same database left on its way."""
        now_ms = time.time_ns() // 1_000_000
        for record in self.store.under_way():
            heard_ms = self._heard_ms.get(record.contact, -WINDOW_MS)
            steps = self.planner.steps(
                behaviour_of(record.contact),
                within_window=record.type == "template" or now_ms - heard_ms < WINDOW_MS,
            )
            done = ("plan", "target_valid", "sent") if record.status == "sent" else ("plan", "target_valid")
            traveller = Traveller(
                record.id,
                record.message_id,
                record.from_ or DEFAULT_NUMBER,
                record.contact,
                record.custom_args,
                tuple(step for step in steps if step.status not in done),
                self.planner.pace(),
                status=record.status,
            )
            self._journeys.start(traveller)

    # ---- writing and telling

    def _write_soon(self) -> None:
        if self._write_timer is None and (self._keeps_on_disk or self.events.listening):
            delay_s = _TELL_AFTER_S if self.events.listening else _WRITE_AFTER_S
            self._write_timer = asyncio.get_running_loop().call_later(delay_s, self._write)

    def _make_room(self) -> None:
        store = self.store
        above = store.messages_waiting - _WAIT_MAX
        if above > 0:
            count = max(above, _WRITE_AT_ONCE)
            self._journeys.wake(count)
            store.write_messages(count)
        if store.changes_waiting > _WAIT_MAX:
            store.write_changes(_WRITE_AT_ONCE)

    def _write(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        self._journeys.wake()
        self.store.flush()
        ids, self._new_ids = self._new_ids, []
        changes, self._changes = self._changes, []
        if not self.events.listening:
            return
        if len(ids) + len(changes) > _TELL_MAX:
            self.events.publish(event("reload", {}))
            return
        news = [event("message", record) for record in self.store.records(ids)] if ids else []
        news += [
            event(
                "status",
                {
                    "id": change.id,
                    "status": change.status,
                    "at": rfc3339(change.at_ms),
                    "error": change.error,
                },
            )
            for change in changes
        ]
        self.events.publish(*news)

    def stats(self) -> Stats:
        """The counters, as of now."""
        store = self.kept
        store.flush()
        totals = store.totals
        return Stats(
            messages=totals.messages,
            recipients=store.recipients(),
            duplicates=totals.duplicates,
            failed=totals.by_status["failed"],
            by_status=totals.statuses(),
            requests=self.arrivals.total,
            refused=self.refused,
            arrivals_per_s=self.arrivals.per_second(),
            capacity=self._cap,
            dropped=totals.dropped,
            uptime_s=self.arrivals.uptime_s(),
        )

    async def settled(self) -> None:
        """Returns when every message has come as far as it will and every callback was posted."""
        await self._journeys.settled()
        await self.callbacks.settled()
        self._write()

    async def close(self) -> None:
        self.closing.set()
        self._journeys.forget()
        self.events.close()
        if self._write_timer is not None:
            self._write_timer.cancel()
        await self.callbacks.close()
        self.store.close()


_encode = msgspec.json.Encoder().encode
_KINDS = {kind: str(kind.__struct_config__.tag) for kind in get_args(Body)}
