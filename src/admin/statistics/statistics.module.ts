import { Module } from '@nestjs/common';
import { Rollups } from './rollups.service.js';
import { StatisticsController } from './statistics.controller.js';
import { StatisticsPage } from './statistics.page.js';
import { StatisticsRepository } from './statistics.repository.js';
import { Statistics } from './statistics.service.js';

/** Counts by hour and country, from rollups. */
@Module({
  controllers: [StatisticsController],
  providers: [Rollups, Statistics, StatisticsRepository, StatisticsPage],
  exports: [Rollups, Statistics],
})
export class StatisticsModule {}
