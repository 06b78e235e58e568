import type { AdminParts } from '../parts.js';
import { Rollups } from './rollups.service.js';
import { StatisticsController } from './statistics.controller.js';
import { StatisticsPage } from './statistics.page.js';
import { StatisticsRepository } from './statistics.repository.js';
import { Statistics } from './statistics.service.js';

export const STATISTICS_PARTS: AdminParts = {
  controllers: [StatisticsController],
  providers: [Rollups, Statistics, StatisticsRepository, StatisticsPage],
};
