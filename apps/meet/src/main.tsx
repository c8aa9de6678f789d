import '@fontsource-variable/inter/wght.css';
import '@weir/react/styles.css';
import './meet.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

createRoot(document.getElementById('app')!).render(<App />);
