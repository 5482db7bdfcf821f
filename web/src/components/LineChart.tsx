import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../app/theme';
import './LineChart.css';

export interface Series {
  label: string;
  values: ReadonlyArray<number | null>;
  /** A custom property of the theme, such as "--accent". */
  colour: string;
  /** Points joined by a line (the default), or points alone. */
  isScatter?: boolean;
  isDashed?: boolean;
  /** On the axis at the right, which has its own scale. */
  isRight?: boolean;
  /** Digits behind the point in the legend. */
  digits?: number;
}

interface LineChartProps {
  /** What it shows, in a sentence, for those who do not see it. */
  label: string;
  x: readonly number[];
  series: readonly Series[];
  xTitle: string;
  yTitle: string;
  rightTitle?: string;
  height?: number;
  /** Fixed limits of the axes; found from the values otherwise. */
  xRange?: [number, number];
  yRange?: [number, number];
  /** For errors that fall by orders of magnitude. */
  isLogarithmic?: boolean;
}

/** Curves that can be zoomed by dragging; a double click shows all again. */
export function LineChart(props: LineChartProps) {
  const { label, x, series, height = 260 } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { isDark } = useTheme();
  const shape = JSON.stringify([
    series.map(({ values, ...rest }) => rest),
    props.xTitle,
    props.yTitle,
    props.rightTitle,
    isDark,
  ]);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = box.current;
    if (!element || !shape) return;
    plot.current = new uPlot(optionsOf(latest.current, element), dataOf(latest.current), element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, height]);

  useEffect(() => {
    plot.current?.setData(dataOf({ x, series }));
  }, [x, series]);

  return <div aria-label={label} className="chart" ref={box} role="img" style={{ minHeight: height }} />;
}

function dataOf({ x, series }: Pick<LineChartProps, 'x' | 'series'>): uPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])];
}

function optionsOf(props: LineChartProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = (title: string, scale: string, side?: 1): uPlot.Axis => ({
    scale,
    ...(side === undefined ? {} : { side }),
    label: title,
    labelSize: 24,
    labelGap: 2,
    size: scale === 'x' ? 38 : 54,
    gap: 6,
    font: `12px ${style.fontFamily}`,
    labelFont: `500 12px ${style.fontFamily}`,
    stroke: colour('--text-soft'),
    grid: { show: side === undefined, stroke: colour('--plot-grid'), width: 1 },
    ticks: { show: false },
  });
  const hasRight = props.series.some((series) => series.isRight);
  return {
    width: element.clientWidth,
    height: props.height ?? 260,
    padding: [12, 12, 0, 0],
    cursor: { points: { size: 7 }, drag: { x: true, y: false, setScale: true } },
    legend: { live: true },
    scales: {
      x: { time: false, ...(props.xRange ? { range: props.xRange } : {}) },
      y: {
        distr: props.isLogarithmic ? 3 : 1,
        ...(props.yRange ? { range: props.yRange } : { range: fromZero(props.isLogarithmic) }),
      },
      right: {},
    },
    axes: [
      axis(props.xTitle, 'x'),
      axis(props.yTitle, 'y'),
      ...(hasRight ? [axis(props.rightTitle ?? '', 'right', 1)] : []),
    ],
    series: [
      { label: props.xTitle, value: (_plot, value) => (value === null ? '' : `${value}`) },
      ...props.series.map((series) => seriesOf(series, colour(series.colour))),
    ],
  };
}

function seriesOf({ label, isScatter, isDashed, isRight, digits = 2 }: Series, stroke: string): uPlot.Series {
  return {
    label,
    stroke,
    scale: isRight ? 'right' : 'y',
    width: isScatter ? 0 : 2,
    spanGaps: true,
    dash: isDashed ? [6, 5] : undefined,
    points: { show: isScatter || undefined, size: isScatter ? 9 : 6, fill: stroke, stroke },
    paths: isScatter ? () => null : undefined,
    value: (_plot, value) => (value === null || value === undefined ? '' : value.toFixed(digits)),
  };
}

/** Errors and losses are read from zero, so that a small change does not look large. */
function fromZero(isLogarithmic = false): uPlot.Scale.Range | undefined {
  if (isLogarithmic) return undefined;
  return (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1];
}
