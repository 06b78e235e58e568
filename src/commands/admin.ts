import { runAdmin } from './admin/program.js';

void runAdmin(process.argv.slice(2));
