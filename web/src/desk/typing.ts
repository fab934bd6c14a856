/** The notes of the call that is looked at. While they are shown the desk knows of them: what is typed goes along with its verbs. */
import type { CallView } from "@crosspoint/client";
import { useEffect } from "preact/hooks";
import type { NoteDraft } from "../show/note-draft";
import { useDraft } from "../show/note-form";
import type { Desk } from "./desk";

export function useTypedNotes(desk: Desk, call: CallView): NoteDraft {
  const draft = useDraft(desk.store, call.callId);
  useEffect(() => {
    desk.typing = { callId: call.callId, draft };
    return () => {
      if (desk.typing?.draft === draft) desk.typing = undefined;
    };
  }, [desk, draft]);
  return draft;
}
