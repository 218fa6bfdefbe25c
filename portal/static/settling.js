// Whoever has settled a mail in doubt goes on at the next one of the list; where there is none, and
// where all were settled at once, at what the page says of it.
let next = null; // the heading's id of the mail below the one of a list that is being settled
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const mail = detail.requestConfig.elt.closest("#list section");
  next = mail && (mail.nextElementSibling?.querySelector("h2")?.id ?? "");
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const isElsewhere = document.activeElement !== document.body;
  if (detail.requestConfig.verb !== "post" || isElsewhere) return;
  const said = document.querySelector("#main > .alert[tabindex]");
  const first = document.querySelector("#list h2");
  const heading = next !== null && (document.getElementById(next) ?? first);
  (heading ? heading.querySelector("a") : said)?.focus();
});
