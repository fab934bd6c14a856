/** Is there a simulated telephone to call with? Servers have one in `--dev`, and where the configuration turns it on. */
import { useEffect, useState } from "preact/hooks";
import { isAbsent } from "../guest/telephone/simulator";

export type Simulated = "asking" | "here" | "absent";

/** Asks once. Nothing is offered before it is known. */
export function useSimulator(): Simulated {
  const [state, setState] = useState<Simulated>("asking");
  useEffect(() => {
    let wanted = true;
    void isAbsent().then((absent) => {
      if (wanted) setState(absent ? "absent" : "here");
    });
    return () => {
      wanted = false;
    };
  }, []);
  return state;
}
