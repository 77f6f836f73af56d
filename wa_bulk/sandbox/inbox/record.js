// What a record of the control API says, in words and parts; no drawing here.

import { flattened } from "./text.js";

const KIND = { image: "Photo", video: "Video", audio: "Audio", document: "Document", sticker: "Sticker" };

export const STATUS_WORDS = {
  accepted: "Accepted",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  failed: "Failed",
};

const RANK = { accepted: 0, sent: 1, delivered: 2, read: 3, failed: 4 };

/** Whether a message at `status` may become `next`: callbacks may come late or twice, ticks never go back. */
export const movesOn = (status, next) => (RANK[next] ?? -1) > (RANK[status] ?? -1);

export const isFromUser = (record) => record.direction === "in";

/** The media object of an image, video, audio, document or sticker message, with its kind. */
export function mediaOf(record) {
  const media = record.body?.[record.type];
  return KIND[record.type] && media ? { kind: record.type, ...media } : null;
}

/** The name to show for a document or other file: its own, else its caption, as the vendor has it, else the link's last part. */
export function fileName(media) {
  if (media.filename) return media.filename;
  if (media.kind === "document" && media.caption) return media.caption;
  const path = String(media.link ?? "").split(/[?#]/u)[0];
  const last = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last) || KIND[media.kind] || "File";
  } catch {
    return last;
  }
}

/** The text that goes with the message, its formatting marks included; empty where there is none. */
export function textOf(record) {
  if (record.body?.unreadable) return record.body.unreadable;
  if (record.rendered) return record.rendered.body ?? "";
  if (record.type === "text") return record.body?.text?.body ?? "";
  if (record.type === "template") return templateValues(record);
  return mediaOf(record)?.caption ?? "";
}

/** The values of a template whose text is not known, so that nothing sent stays unseen. */
function templateValues(record) {
  const components = record.body?.template?.components ?? [];
  return components
    .flatMap((component) => component.parameters ?? [])
    .map((parameter) => parameter.text ?? parameter.payload ?? parameter[parameter.type]?.fallback_value)
    .filter((value) => typeof value === "string")
    .join("\n");
}

export const templateOf = (record) => (record.type === "template" ? record.body?.template ?? null : null);

/** One line for a list: `{icon, text}`; the icon names the kind of media, or is null. */
export function preview(record) {
  const text = flattened(textOf(record));
  const media = mediaOf(record);
  if (media) {
    const words = media.kind === "document" ? fileName(media) : text;
    return { icon: media.kind, text: words || KIND[media.kind] };
  }
  const header = record.rendered?.header;
  if (header && header.type !== "text") return { icon: header.type, text: text || KIND[header.type] };
  return { icon: null, text: text || templateOf(record)?.name || "" };
}

/** The whole message in words, for screen readers. */
export function spoken(record) {
  const who = isFromUser(record) ? "User wrote" : "Received";
  const { icon, text } = preview(record);
  const status = isFromUser(record) ? "" : `. ${STATUS_WORDS[record.status] ?? record.status}`;
  const error = record.error ? `: error ${record.error.code}, ${record.error.message}` : "";
  const duplicate = record.duplicate_of ? ". Duplicate" : "";
  return `${who}: ${icon && KIND[icon] ? `${KIND[icon]}. ` : ""}${text}${status}${error}${duplicate}`;
}
