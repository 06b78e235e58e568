import { ApiProperty } from '@nestjs/swagger';
import type { ConnectionReport } from '../../http/index.js';

/** How a request looks to the application. */
export class ConnectionResource implements ConnectionReport {
  @ApiProperty({ description: 'The client’s network.', example: '203.0.113.0/24' })
  client!: string;

  @ApiProperty({ example: 'https' })
  protocol!: string;

  @ApiProperty({ example: 'login.example.com' })
  host!: string;

  @ApiProperty({ type: [String], example: ['x-forwarded-for'] })
  forwardedHeaders!: string[];

  @ApiProperty({ description: 'Whether those headers are believed.' })
  isProxyTrusted!: boolean;

  @ApiProperty({
    type: [String],
    description: 'What is wrong, in sentences for operators. Empty if all is well.',
  })
  problems!: string[];
}
