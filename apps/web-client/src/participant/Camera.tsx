import { Alert, Button, NativeSelect } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { plural } from '../shared/texts/format.ts';
import classes from './Camera.module.css';
import { cameraProblem, filesOfShots, frameMs, type Shots, takePicture, withPicture } from './camera.ts';
import type { DataActions } from './data-actions.ts';

interface CameraProps {
  readonly labels: readonly string[];
  readonly onFiles: DataActions['onFiles'];
  readonly onClose: () => void;
}

/** Pick a label, hold the button: a picture five times a second goes to that label. Nothing leaves the page. */
export default function Camera({ labels, onFiles, onClose }: CameraProps) {
  const [label, setLabel] = useState(labels[0] ?? '');
  const [shots, setShots] = useState<readonly Shots[]>([]);
  const [holding, setHolding] = useState(false);
  const { video, problem } = useCamera();
  const taken = shots.reduce((sum, { pictures }) => sum + pictures.length, 0);

  useEffect(() => {
    if (!holding) return;
    let stopped = false;
    const take = async () => {
      const picture = video.current === null ? null : await takePicture(video.current);
      if (picture !== null && !stopped) setShots((before) => withPicture(before, label, picture));
    };
    void take();
    const timer = setInterval(() => void take(), frameMs);
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, [holding, label, video]);

  const release = () => setHolding(false);
  return (
    <section className={classes.camera} aria-label="Camera" data-testid="camera">
      {problem !== null ? (
        <Alert color="red" variant="light" role="alert">
          {problem}
        </Alert>
      ) : (
        <>
          <video ref={video} className={classes.video} muted playsInline autoPlay />
          <NativeSelect
            label="What are you showing?"
            value={label}
            onChange={({ currentTarget: { value } }) => setLabel(value)}
            data={[...labels]}
          />
          <Button
            size="lg"
            className={classes.hold}
            variant={holding ? 'filled' : 'light'}
            onPointerDown={() => setHolding(true)}
            onPointerUp={release}
            onPointerLeave={release}
            onPointerCancel={release}
            onKeyDown={({ key }) => (key === ' ' || key === 'Enter') && setHolding(true)}
            onKeyUp={release}
            onBlur={release}
            onContextMenu={(event) => event.preventDefault()}
          >
            {holding ? 'Recording…' : 'Hold to record'}
          </Button>
          <p className={classes.counts} aria-live="polite">
            {taken === 0
              ? 'Turn it and move it a little, so that no two pictures are the same.'
              : shots.map((shot) => `${shot.label}: ${shot.pictures.length}`).join(', ')}
          </p>
        </>
      )}
      <div className={classes.row}>
        <Button
          disabled={taken === 0}
          onClick={() => {
            const { files, mapping } = filesOfShots(shots);
            onFiles(files, mapping);
            // Nobody is filmed for longer than they use it.
            onClose();
          }}
        >
          {taken === 0 ? 'Use the pictures' : `Use ${plural(taken, 'picture')}`}
        </Button>
        <Button variant="default" onClick={onClose}>
          Close the camera
        </Button>
      </div>
    </section>
  );
}

/** The camera, on for as long as the component is there. */
function useCamera() {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let gone = false;
    const off = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: 'environment', width: { ideal: 640 } }, audio: false })
      .then((opened) => {
        stream = opened;
        if (gone) off();
        else if (video.current !== null) video.current.srcObject = opened;
      })
      .catch((error: unknown) => setProblem(cameraProblem(error)));
    return () => {
      gone = true;
      off();
    };
  }, []);
  return { video, problem };
}
