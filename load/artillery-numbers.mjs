// Numbers of New York that look real. The sandbox sends nothing to them.
let next = Math.floor(Math.random() * 7_000_000);

/** A number that no other virtual user of this process has. */
export async function chooseNumber(context) {
  next = (next + 1) % 7_000_000;
  context.vars.phoneNumber = `+1212${2_200_000 + next}`;
}
