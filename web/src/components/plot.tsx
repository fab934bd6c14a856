/** A plot over time. In: a `Series` and which columns to draw. uPlot draws on a canvas; colours come from the theme. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./plot.css";
import type { Series } from "../lib/series";
import { themeRevision } from "../theme";

export interface Line {
  column: string;
  label: string;
  /** A colour of tokens.css. */
  color: "--accent" | "--ok" | "--warn" | "--bad";
}

interface PlotProps {
  title: string;
  // biome-ignore lint/suspicious/noExplicitAny: which columns there are is the caller's business
  series: Series<any>;
  lines: readonly Line[];
  /** A value as people read it. */
  format: (value: number) => string;
  /** Changes whenever the series did. */
  revision: unknown;
  /** The scale goes up to this at least, so that noise does not look like mountains. */
  atLeast?: number;
  /** Distances that marks may have. */
  steps?: number[];
}

const HEIGHT = 104;

export function Plot({ title, series, lines, format, revision, atLeast = 1, steps }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const themed = themeRevision.value;
  useEffect(() => {
    const target = box.current;
    if (!target) return;
    const made = new uPlot(options(target, lines, format, atLeast, steps), dataOf(series, lines), target);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height: HEIGHT }));
    observer.observe(target);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [themed, series]);
  useEffect(() => plot.current?.setData(dataOf(series, lines)), [revision]);
  return (
    <figure class="plot">
      <figcaption>
        <span class="plot-title">{title}</span>
        {lines.map(({ column, label, color }) => {
          const last = series.last(column);
          return (
            <span key={column} class="plot-key num">
              <i style={{ background: `var(${color})` }} />
              {lines.length > 1 && <span class="faint">{label}</span>}
              {last === undefined ? "–" : format(last)}
            </span>
          );
        })}
      </figcaption>
      <div ref={box} style={{ height: `${HEIGHT}px` }} aria-hidden="true" />
    </figure>
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function dataOf(series: Series<any>, lines: readonly Line[]): uPlot.AlignedData {
  return [[...series.times], ...lines.map(({ column }) => [...series.column(column)])];
}

function options(
  target: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
  atLeast: number,
  steps: number[] | undefined,
): uPlot.Options {
  const ink = colorOf(target, "--text-3");
  const grid = { stroke: colorOf(target, "--line"), width: 1 };
  const font = `11px ${getComputedStyle(target).fontFamily}`;
  return {
    width: target.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    padding: [8, 16, 0, 0],
    scales: { y: { range: (_, __, max) => [0, Math.max(atLeast, (max ?? 0) * 1.15)] } },
    axes: [
      {
        stroke: ink,
        font,
        size: 20,
        gap: 4,
        space: 88,
        grid: { show: false },
        ticks: { show: false },
        values: [[1, "{HH}:{mm}:{ss}"]],
      },
      {
        stroke: ink,
        font,
        size: 62,
        gap: 6,
        space: 28,
        grid,
        ticks: { show: false },
        values: (_, marks) => marks.map(format),
        ...(steps ? { incrs: steps } : {}),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, color }) => {
        const stroke = colorOf(target, color);
        return { label, stroke, width: 1.5, fill: faded(stroke), points: { show: false }, spanGaps: true };
      }),
    ],
  };
}

/** A colour of the theme as the canvas wants it: `light-dark()` is resolved only in used values. */
function colorOf(near: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  near.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

function faded(color: string): string {
  return color.replace(/^rgb\((.+)\)$/, "rgba($1, 0.1)");
}
