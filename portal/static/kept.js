// What a person types while an answer is on its way stays when the answer takes the place of its
// part of the page; a fold in which somebody works stays open.
const chosen = (select) => [...select.options].map((option) => option.selected).join();
const chosenAtFirst = (select) => [...select.options].map((option) => option.defaultSelected).join();
const isEdited = (field) => {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.value === "") return false;
  if (!field.options) return field.value !== field.defaultValue;
  return chosenAtFirst(field).includes("true") && chosen(field) !== chosenAtFirst(field);
};
const putBack = (old) => {
  const field = document.getElementById(old.id);
  if (!field || field === old) return;
  if (old.type === "checkbox") field.checked = old.checked;
  else if (old.tagName === "DETAILS") field.open = true;
  else field.value = old.value;
};
let kept = [];
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const fields = [...detail.target.querySelectorAll("input[id], select, textarea")];
  kept = [...fields.filter(isEdited), ...detail.target.querySelectorAll("details[id][open]:focus-within")];
});
document.addEventListener("htmx:afterSwap", () => {
  kept.forEach(putBack);
  kept = [];
});
