import { useEffect, useRef, useState } from 'react';
import type { LocalFile } from '../../client/index.ts';
import { notifyError } from '../components/notify-error.ts';
import { filesOfDrop } from '../files/files.ts';

/**
 * Takes files and folders dropped anywhere on the page, so that a near miss does not make the browser open the
 * file instead. @returns whether something is held over the page now.
 */
export function useFileDrop(onFiles: (files: readonly LocalFile[]) => void): boolean {
  const [over, setOver] = useState(false);
  const take = useRef(onFiles);
  useEffect(() => {
    take.current = onFiles;
  });
  useEffect(() => {
    const stop = new AbortController();
    const listen = (type: 'dragover' | 'dragleave' | 'drop', react: (event: DragEvent) => void) =>
      window.addEventListener(type, react, { signal: stop.signal });
    listen('dragover', (event) => {
      event.preventDefault();
      setOver(true);
    });
    listen('dragleave', (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    listen('drop', async (event) => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer === null) return;
      try {
        const files = await filesOfDrop(event.dataTransfer);
        if (files.length > 0) take.current(files);
      } catch (error) {
        notifyError(error);
      }
    });
    return () => stop.abort();
  }, []);
  return over;
}
