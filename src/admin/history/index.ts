import type { AdminParts } from '../parts.js';
import { HistoryController } from './history.controller.js';
import { DecisionsPage, HistoryListPage, RequestPage, SearchPage } from './history.pages.js';
import { HistoryRepository } from './history.repository.js';
import { History } from './history.service.js';
import { HomeController, HomePage } from './home.controller.js';
import { NumberTokens } from './number-token.js';
import { TimelineRepository } from './timeline.repository.js';

export const HISTORY_PARTS: AdminParts = {
  controllers: [HomeController, HistoryController],
  providers: [
    History,
    HistoryRepository,
    TimelineRepository,
    NumberTokens,
    HistoryListPage,
    SearchPage,
    RequestPage,
    DecisionsPage,
    HomePage,
  ],
};
