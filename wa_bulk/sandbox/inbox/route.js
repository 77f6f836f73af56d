// What is open is in the address: `#+447911123456`, or `#+447911123456/17` for one message of it.

const ROUTE = /^#(\+?[0-9A-Za-z]{1,32})(?:\/(\d{1,15}))?$/u;

export function readRoute() {
  const match = ROUTE.exec(location.hash.replace("%2B", "+"));
  return match ? { contact: match[1], messageId: match[2] ? Number(match[2]) : null } : null;
}

export function goTo(contact, messageId = null) {
  const hash = contact === null ? "" : `#${contact}${messageId === null ? "" : `/${messageId}`}`;
  if (hash === location.hash) return false;
  history.pushState(null, "", hash || location.pathname + location.search);
  return true;
}
