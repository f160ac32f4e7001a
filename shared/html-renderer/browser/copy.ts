import { WORDS } from "../words.ts";
import { pageLanguage } from "./reason.ts";

/** How long a button says that it has copied, in milliseconds. */
const SAID = 2_000;

/** Connects the buttons that copy the command before them. */
export function openCopy(): void {
  // Only a secure context has a clipboard (Clipboard API §7): plain http on another host than localhost has none.
  if (!("clipboard" in navigator)) return;
  const language = pageLanguage();
  for (const button of document.querySelectorAll<HTMLButtonElement>("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.previousElementSibling?.textContent ?? "");
      } catch {
        return; // The reader did not allow it; the command can still be selected.
      }
      button.textContent = WORDS.copied[language];
      setTimeout(() => {
        button.textContent = WORDS.copy[language];
      }, SAID);
    });
  }
}
