import './zod-config.ts';
import '@mantine/core/styles.layer.css';
import './shell/fonts/inter.css';
import './shell/global.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './shell/App.tsx';
import { shareNonce } from './shell/nonce.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
shareNonce();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
