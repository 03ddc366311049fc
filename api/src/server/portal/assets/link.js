// The secret of a link in a mail: it stands behind the `#`, which browsers send to nobody.

/** What such a secret looks like; the fragments of this site's own links are shorter. */
const SECRET = /^#[\w-]{32,}$/;

/**
 * Takes the secret out of the address bar, so that neither the history nor a picture of the screen
 * keeps it, and gives it; undefined where there is none.
 */
export function secretOfLink() {
  if (!SECRET.test(location.hash)) return undefined;
  const secret = location.hash.slice(1);
  history.replaceState(history.state, "", location.pathname + location.search);
  // The same page in another language needs it once more, and takes it away again.
  for (const other of document.querySelectorAll("a[hreflang]")) {
    other.addEventListener("click", () => (other.hash = secret));
  }
  return secret;
}

// Another link opened in the same tab is another page.
addEventListener("hashchange", () => {
  if (SECRET.test(location.hash)) location.reload();
});
