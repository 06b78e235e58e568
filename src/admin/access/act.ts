import { SetMetadata } from '@nestjs/common';

/** The metadata of {@link Act}. */
export const ACT = 'admin:act';

/** What an administrator does with a form. */
export interface ActOfForm {
  /** The end of the key of the question to confirm it: `admin.act.<name>`. */
  name: string;
  /** The page of the form within the administration; `:id` is the one in the form's address. */
  page: string;
}

/** On the handler of a form: what it does, and where the form is. */
export const Act = (name: string, page: string) => SetMetadata(ACT, { name, page } satisfies ActOfForm);
