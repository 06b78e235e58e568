import { UseGuards } from '@nestjs/common';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Request } from 'express';
import { SecondFactorGuard } from 'nest-sms-otp/two-factor';

/** The request by which each socket was opened: it has the token. */
export const upgradeRequests = new WeakMap<object, Request>();

/** Nest's global guards do not reach gateways, so this one names the guard. */
@UseGuards(SecondFactorGuard)
@WebSocketGateway()
export class BalanceGateway implements OnGatewayConnection {
  handleConnection(client: object, request: Request): void {
    upgradeRequests.set(client, request);
  }

  @SubscribeMessage('balance')
  balance() {
    return { event: 'balance', data: 100 };
  }
}
