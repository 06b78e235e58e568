// The tutorial's flow with the tutorial's means: Express, EJS pages, the Vonage SDK as it comes, Verify v1 with its
// default workflow, a line on the console per step, and no database: what it knows of a request is in the form.
import { join } from 'node:path';
import { Vonage } from '@vonage/server-sdk';
import ejs from 'ejs';
import express from 'express';

const { PORT, VONAGE_API_KEY = '', VONAGE_API_SECRET = '', VONAGE_API_HOST = '' } = process.env;
const vonage = new Vonage(
  { apiKey: VONAGE_API_KEY, apiSecret: VONAGE_API_SECRET },
  { apiHost: VONAGE_API_HOST, restHost: VONAGE_API_HOST },
);
/** @param {unknown[]} words */
const say = (...words) => void process.stdout.write(`${words.join(' ')}\n`);

const app = express();
// By hand, because Express looks for engines from where it lies itself.
app.engine('ejs', ejs.renderFile);
app.set('view engine', 'ejs');
app.set('views', join(import.meta.dirname, 'views'));
app.use(express.json(), express.urlencoded({ extended: true }));

app.post('/request-otp', async (request, response) => {
  const { phoneNumber } = request.body;
  if (!phoneNumber) return response.render('phone', { error: 'A phone number is needed.' });
  say('code wanted for', phoneNumber);
  try {
    const { requestId } = /** @type {{ requestId: string }} */ (
      await vonage.verify.start({ number: phoneNumber, brand: 'Bench', workflowId: 1 })
    );
    say('code sent, request', requestId);
    response.render('code', { requestId, error: null });
  } catch (error) {
    say('could not send', String(error));
    response.render('phone', { error: 'That did not work. Please try again.' });
  }
});

app.post('/verify-otp', async (request, response) => {
  const { otpCode, requestId } = request.body;
  if (!otpCode || !requestId) return response.render('code', { requestId, error: 'A code is needed.' });
  say('code to check for request', requestId);
  try {
    const { status } = await vonage.verify.check(requestId, otpCode);
    say('checked', requestId, status);
    if (status === '0') return response.render('result', { message: 'Your number is verified.' });
    response.render('code', { requestId, error: 'That code is not right.' });
  } catch (error) {
    say('could not check', String(error));
    response.render('code', { requestId, error: 'That did not work. Please try again.' });
  }
});

app.listen(Number(PORT), '127.0.0.1');
