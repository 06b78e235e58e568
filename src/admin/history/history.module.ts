import { Module } from '@nestjs/common';
import { HistoryController } from './history.controller.js';
import { DecisionsPage, HistoryListPage, RequestPage, SearchPage } from './history.pages.js';
import { HistoryRepository } from './history.repository.js';
import { History } from './history.service.js';
import { HomeController, HomePage } from './home.controller.js';
import { NumberTokens } from './number-token.js';
import { TimelineRepository } from './timeline.repository.js';

/** What happened to requests, and why others were refused. */
@Module({
  controllers: [HomeController, HistoryController],
  providers: [
    History,
    HistoryRepository,
    TimelineRepository,
    NumberTokens,
    HomePage,
    HistoryListPage,
    SearchPage,
    RequestPage,
    DecisionsPage,
  ],
  exports: [History, HistoryRepository],
})
export class HistoryModule {}
