// Copying and printing the letter; without a script, marking it and the browser's own menu do.
document.getElementById("letter-actions").hidden = false;
document.getElementById("copy-letter").addEventListener("click", async ({ target }) => {
  const letter = document.getElementById("letter");
  letter.select();
  // The clipboard is for https and localhost only; the older way works everywhere.
  if (navigator.clipboard) await navigator.clipboard.writeText(letter.value);
  else document.execCommand("copy");
  document.getElementById("letter-told").textContent = target.dataset.done;
  target.textContent = target.dataset.done;
});
document.getElementById("print-letter").addEventListener("click", () => window.print());
