// The control API of the sandbox. Every failure is an ApiError whose message can be shown to a person.

export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

async function call(path, parameters = {}, options = {}) {
  const url = new URL(`sandbox/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  let response;
  try {
    response = await fetch(url, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The sandbox does not answer.");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(body?.message ?? `The sandbox answered ${response.status}.`, response.status);
  return body;
}

const conversationPath = (contact) => `conversations/${encodeURIComponent(contact)}/messages`;

export const conversations = (query, page, signal) => call("conversations", { ...query, ...page }, { signal });
export const messages = (query, page, signal) => call("messages", { ...query, ...page }, { signal });
export const conversation = (contact, page, signal) => call(conversationPath(contact), page, { signal });
export const message = (id) => call(`messages/${id}`);
export const stats = () => call("stats");
export const clear = () => call("messages", {}, { method: "DELETE" });

/**
 * Write to the business as the user `from`. `to` is the sending number, the account's own when left out; `replyTo` is the
 * message_id of a message answered.
 */
export function reply({ from, text, to = null, replyTo = null }) {
  const body = { from, text };
  if (to) body.to = to;
  if (replyTo) Object.assign(body, { event: "reply", reply_to: replyTo });
  return call("replies", {}, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const eventsUrl = () => new URL("sandbox/events", document.baseURI);
