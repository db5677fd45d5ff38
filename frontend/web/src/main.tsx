import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { findPlaces } from '@/api/places';
import { otherTabs, Session } from '@/api/session';
import { makeRouter } from '@/app/routes';
import { chooseTheme, chosenTheme } from '@/app/theme';
import { makeWorlds } from '@/app/worlds';
import '@/design/base.css';

chooseTheme(chosenTheme(localStorage), localStorage, document.documentElement);

async function start(root: HTMLElement): Promise<void> {
  const send: typeof fetch = (...call) => fetch(...call);
  const worlds = makeWorlds(await findPlaces(send), new Session(sessionStorage, otherTabs()), send);
  createRoot(root).render(
    <StrictMode>
      <RouterProvider router={makeRouter(worlds)} />
    </StrictMode>,
  );
}

const root = document.getElementById('root');
if (root) void start(root);
