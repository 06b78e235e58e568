import { ApiProperty } from '@nestjs/swagger';

export class SessionResource {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'Firefox, Linux' })
  browser!: string;

  @ApiProperty({
    example: '203.0.113.0/24',
    description: 'The network that it was begun from: IPv4 as its /24, IPv6 as its /48.',
  })
  address!: string;

  @ApiProperty({ format: 'date-time' })
  signedInAt!: string;

  @ApiProperty({ format: 'date-time', description: 'To within a minute.' })
  lastUsedAt!: string;

  @ApiProperty({ description: 'The password was typed, the second factor was not shown.' })
  pending!: boolean;

  @ApiProperty({ description: 'The session that asks.' })
  current!: boolean;
}

export class SessionsResource {
  @ApiProperty({ type: [SessionResource], description: 'The last used first; at most 50.' })
  sessions!: SessionResource[];
}
