import { together } from './together.js';

together(12);
