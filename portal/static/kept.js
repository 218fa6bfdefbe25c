// What a person types while an answer is on its way stays when the answer takes the place of its
// part of the page, and the field in which they are is left to them; a fold in which somebody works
// stays open.
let restored = []; // the ids of fields with what was typed before a sign-in at a provider
const chosenAtFirst = (select) => Math.max(0, [...select.options].findIndex((o) => o.defaultSelected));
const isEdited = (field) => {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.value === "") return false;
  if (!field.options) return field.value !== field.defaultValue;
  return field.selectedIndex !== chosenAtFirst(field);
};
const isTheirs = (field) =>
  isEdited(field) || restored.includes(field.id) || field === document.activeElement;
const putBack = (old) => {
  const field = document.getElementById(old.id);
  if (!field || field === old) return;
  if (old.type === "checkbox") field.checked = old.checked;
  else if (old.tagName === "DETAILS") field.open = true;
  else field.value = old.value;
};
// What was restored isn't saved, and the page says so as long as that is true.
const tellRestored = () => {
  const differs = (name) => {
    const field = document.getElementById(name);
    return field && field.value !== field.defaultValue;
  };
  const notice = document.getElementById("kept");
  if (notice) notice.hidden = !restored.some(differs);
};
let kept = [];
let focused = "";
let marked = []; // where the selection in the focused field starts and ends
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const fields = [...detail.target.querySelectorAll("input[id], select, textarea")];
  const { activeElement: active } = document;
  focused = detail.target.contains(active) ? active.id : "";
  marked = [active.selectionStart ?? null, active.selectionEnd ?? null];
  kept = [...fields.filter(isTheirs), ...detail.target.querySelectorAll("details[id][open]:focus-within")];
});
document.addEventListener("htmx:afterSwap", () => {
  kept.forEach(putBack);
  kept = [];
  tellRestored();
  // Only now, since a field in a fold that has been opened again had lost it.
  const field = focused && document.getElementById(focused);
  if (!field) return;
  field.focus();
  if (marked[0] !== null) field.setSelectionRange(...marked);
});

// A link that leads to a provider and back carries the form along as it stands, and the fields that
// it can't carry are there again on return; the password is among neither.
const KEPT = "portal-kept";
const words = (text) => (text ?? "").split(" ").filter(Boolean);
document.addEventListener("click", ({ target }) => {
  const link = target.closest?.("a[data-keeps]");
  const form = document.getElementById("settings");
  if (!link || !form) return;
  const typed = new FormData(form);
  const address = new URL(link.href);
  for (const name of words(link.dataset.carries)) {
    address.searchParams.delete(name);
    if (typed.has(name)) address.searchParams.set(name, typed.get(name));
  }
  link.href = address;
  const others = words(link.dataset.keeps).map((name) => [name, typed.get(name) ?? ""]);
  sessionStorage.setItem(KEPT, JSON.stringify(others));
});
document.addEventListener("DOMContentLoaded", () => {
  if (!document.getElementById("settings")) return;
  const others = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  for (const [name, value] of others) document.getElementById(name).value = value;
  restored = others.map(([name]) => name);
  sessionStorage.removeItem(KEPT);
  tellRestored();
});
