/** A list of calls with its title and number. Its place in the page stays when it is empty. */
import type { ComponentChildren } from "preact";

interface ListProps {
  title: string;
  count: number;
  testid: string;
  /** What belongs here, said while there is nothing. */
  empty: string;
  /** More than the number. */
  summary?: string;
  children: ComponentChildren;
}

export function List({ title, count, testid, empty, summary, children }: ListProps) {
  return (
    <section class="call-section" aria-label={title}>
      <h2>
        {title}
        <span class="call-count num" data-testid={`${testid}-count`}>
          {count}
        </span>
        {summary && <span class="call-summary truncate">{summary}</span>}
      </h2>
      <ul class="call-list" data-testid={testid}>
        {children}
      </ul>
      {count === 0 && <p class="call-empty">{empty}</p>}
    </section>
  );
}
