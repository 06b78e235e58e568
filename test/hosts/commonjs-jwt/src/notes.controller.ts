import { Body, Controller, Get, Post } from '@nestjs/common';
import { IsString } from 'class-validator';
import { type Assurance, CurrentAssurance, RequireFactor } from 'nest-sms-otp/two-factor';
import { Public } from './public.decorator';

class NoteDto {
  @IsString()
  text!: string;
}

/** Routes of the application. The guard asks for a second factor from users who have one. */
@Controller('notes')
export class NotesController {
  @Get()
  list(@CurrentAssurance() { userId }: Assurance) {
    return { userId, notes: [] };
  }

  @Post()
  add(@Body() { text }: NoteDto) {
    return { text };
  }

  /** For those only who have a second factor, and have shown it within the last five minutes. */
  @RequireFactor({ maxAgeSeconds: 300 })
  @Get('secret')
  secret() {
    return { notes: ['secret'] };
  }

  @Public()
  @Get('public')
  public() {
    return { notes: ['public'] };
  }
}
