// Shows new letters as they come: the page is loaded again when the newest letter is another one.
const shown = document.querySelector("[data-newest]").dataset.newest;
setInterval(async () => {
  const answer = await fetch("/api/v1/messages").catch(() => null);
  if (!answer || !answer.ok) return;
  const [newest] = (await answer.json()).messages;
  if (newest && newest.ID !== shown) location.reload();
}, 2000);
