// Pictures, films, sound, documents and stickers. What cannot be fetched becomes a card with its name and link.

import { element, icon, outsideLink, webLink } from "./dom.js";
import { fileName } from "./record.js";

const UNREACHABLE = { image: "Photo", video: "Video", audio: "Audio", sticker: "Sticker", document: "Document" };

/** The element for `{kind, link, id, filename}`. */
export function mediaElement(media) {
  const link = webLink(media.link);
  if (media.kind === "document") return documentCard(media);
  if (!link) return placeholder(media);
  if (media.kind === "audio") return audioPlayer(media, link);
  return media.kind === "video" ? video(media, link) : picture(media, link);
}

function picture(media, link) {
  const image = element("img", {
    src: link,
    alt: media.kind === "sticker" ? "Sticker" : `Photo ${fileName(media)}`,
    loading: "lazy",
    decoding: "async",
    referrerpolicy: "no-referrer",
    draggable: "false",
  });
  const frame = element(`div.media.${media.kind}`, {}, image);
  image.addEventListener("load", () => frame.classList.add("loaded"), { once: true });
  image.addEventListener("error", () => frame.replaceWith(placeholder(media)), { once: true });
  return frame;
}

function video(media, link) {
  const film = element("video", { src: link, controls: true, preload: "metadata", playsinline: true });
  const frame = element("div.media.video", {}, film);
  film.addEventListener("error", () => frame.replaceWith(placeholder(media)), { once: true });
  return frame;
}

function audioPlayer(media, link) {
  const sound = new Audio();
  const button = element("button.play", { type: "button", "aria-label": "Play" }, icon("play"));
  const position = element("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": "Position", disabled: true });
  const time = element("span.audio-time", {}, "–:––");
  const player = element("div.audio", {}, button, position, time);

  const showTime = () => {
    const seconds = sound.paused && sound.currentTime === 0 ? sound.duration : sound.currentTime;
    if (!Number.isFinite(seconds)) return;
    time.textContent = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
    const played = Number.isFinite(sound.duration) ? (sound.currentTime / sound.duration) * 1000 : 0;
    position.value = String(played);
    position.style.setProperty("--played", `${played / 10}%`);
  };
  const showState = () => {
    button.replaceChildren(icon(sound.paused ? "play" : "pause"));
    button.setAttribute("aria-label", sound.paused ? "Play" : "Pause");
  };
  button.addEventListener("click", () => (sound.paused ? sound.play().catch(() => {}) : sound.pause()));
  position.addEventListener("input", () => {
    sound.currentTime = (Number(position.value) / 1000) * sound.duration;
  });
  sound.addEventListener("loadedmetadata", () => {
    position.disabled = !Number.isFinite(sound.duration);
    showTime();
  });
  sound.addEventListener("timeupdate", showTime);
  for (const event of ["play", "pause", "ended"]) sound.addEventListener(event, showState);
  sound.addEventListener("error", () => player.replaceWith(placeholder(media)), { once: true });
  sound.preload = "metadata";
  sound.src = link;
  return player;
}

/** A card in place of media that cannot be shown: what it is, its name or id, and where it should have been. */
export function placeholder(media) {
  const link = webLink(media.link);
  const name = media.link ? fileName(media) : `id ${media.id ?? "unknown"}`;
  const where = link ? new URL(link).host : media.link ? "not a web address" : "media of the account";
  return element(
    `div.placeholder.${media.kind}`,
    {},
    element("span.placeholder-icon", {}, icon(media.kind)),
    element(
      "span.placeholder-words",
      {},
      element("span.placeholder-name", { dir: "auto" }, outsideLink(media.link, name)),
      element("span.placeholder-where", {}, `${UNREACHABLE[media.kind]} · ${where}`),
    ),
  );
}

function documentCard(media) {
  const name = fileName(media);
  const extension = /\.([a-z0-9]{1,5})$/iu.exec(name)?.[1] ?? /\.([a-z0-9]{1,5})(?:$|[?#])/iu.exec(media.link ?? "")?.[1];
  const link = webLink(media.link);
  const where = link ? new URL(link).host : media.link ? "not a web address" : `id ${media.id ?? "unknown"}`;
  return element(
    "div.document",
    {},
    element("span.document-sheet", { "aria-hidden": "true" }, element("span", {}, (extension ?? "file").toUpperCase())),
    element(
      "span.placeholder-words",
      {},
      element("span.placeholder-name", { dir: "auto" }, outsideLink(media.link, name)),
      element("span.placeholder-where", {}, where),
    ),
    link && outsideLink(link, icon("external", "Open the document")),
  );
}
