import { useMantineTheme } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { type CSSProperties, type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import { usePalette } from '../hooks/usePalette.ts';
import { type ChartOption, init } from './echarts.ts';

/** What can be had of a chart that is drawn. */
export interface ChartHandle {
  /** As a PNG, twice as fine as on the page, on the page's ground. */
  picture(): Promise<Blob>;
}

interface ChartProps {
  readonly option: ChartOption;
  /** Read out instead of the picture. */
  readonly label: string;
  readonly height: number;
  /** Called with the data index of a clicked item. */
  readonly onPick?: (dataIndex: number) => void;
  readonly handle?: Ref<ChartHandle>;
  readonly testId?: string;
}

/** A canvas that follows its option and its container's size, and cleans up after itself. */
export function Chart({ option, label, height, onPick, handle, testId }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof init> | null>(null);
  const reducedMotion = useReducedMotion();
  const { fontFamily } = useMantineTheme();
  const { surface } = usePalette();

  useImperativeHandle(handle, () => ({ picture: () => pictureOf(chart.current, surface) }), [surface]);

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const instance = init(element, undefined, { renderer: 'canvas' });
    chart.current = instance;
    const observer = new ResizeObserver(() => instance.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      instance.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption({
      animation: !reducedMotion,
      animationDuration: 250,
      textStyle: { fontFamily },
      ...option,
      aria: { enabled: true, label: { description: label } },
    });
  }, [option, label, reducedMotion, fontFamily]);

  useEffect(() => {
    const instance = chart.current;
    if (instance === null || onPick === undefined) return;
    const handler = ({ dataIndex }: { dataIndex: number }) => onPick(dataIndex);
    instance.on('click', handler);
    return () => {
      if (!instance.isDisposed()) instance.off('click', handler);
    };
  }, [onPick]);

  const style: CSSProperties = { height, width: '100%' };
  return <div ref={host} style={style} role="img" aria-label={label} data-testid={testId} />;
}

function pictureOf(chart: ReturnType<typeof init> | null, backgroundColor: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const canvas = chart?.renderToCanvas({ pixelRatio: 2, backgroundColor });
    canvas?.toBlob((png) => (png === null ? reject(new Error('The chart is empty.')) : resolve(png)));
    if (canvas === undefined) reject(new Error('The chart is not drawn.'));
  });
}
