import { Controller, Get, Injectable } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  errorView,
  Negotiated,
  OpenToAll,
  Page,
  PageView,
  type Problem,
  type PageContext,
  type View,
} from '../http/index.js';

/** Names that pages made of our partials read from their context. */
const SHOWN = {
  title: 'Components',
  isError: false,
  errors: [{ field: 'wrong', message: 'Enter your name' }],
  notice: 'Your changes are saved.',
  // The header of somebody who is signed in.
  account: 'a•••@example.com',
  signOutPath: '/two-factor/sign-out',
  label: 'Work phone',
  hint: '+1 ••• ••• ••71',
  countries: [
    { code: 'FR', label: 'France (+33)' },
    { code: 'DE', label: 'Germany (+49)', selected: true },
  ],
};

@Injectable()
export class ComponentsPage extends PageView<object> {
  success(): View {
    return { name: 'host/components', context: SHOWN };
  }

  failure(problem: Problem, context: PageContext): View {
    return errorView(problem, context);
  }
}

/** Every component of our pages on one page, to look at while a brand or a layout is made. Only beside the sandbox. */
@ApiExcludeController()
@OpenToAll()
@Negotiated()
@Controller('components')
export class ComponentsController {
  @Get()
  @Page(ComponentsPage)
  components(): object {
    return {};
  }
}
