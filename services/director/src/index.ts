export { type DirectorOptions, startDirector } from './director.ts';
