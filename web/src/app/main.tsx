import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../styles/tokens.css';
import '../styles/base.css';
import { takeToken } from '../api/token';
import { App } from './App';
import { fetchPages } from './pages';
import { startTheme } from './theme';

takeToken();
startTheme();

/** The page that is opened first comes first. */
const OTHER_PAGES_AFTER_MS = 1_000;

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id "root"');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
window.setTimeout(() => void fetchPages(), OTHER_PAGES_AFTER_MS);
