-- One form of each number, by which conversations and opt-outs are found however it was written: +8613900139000.
UPDATE messages SET number = '+86' || number WHERE number GLOB '1[3-9][0-9]*' AND length(number) = 11;
UPDATE messages SET number = '+' || number WHERE number GLOB '86[1-9]*' AND length(number) >= 12;
UPDATE messages SET number = '+' || substr(number, 3) WHERE number GLOB '00[1-9]*';
UPDATE messages SET number = '+86' || substr(number, 2) WHERE number GLOB '0[1-9]*';

UPDATE OR REPLACE opt_outs SET number = '+86' || number WHERE number GLOB '1[3-9][0-9]*' AND length(number) = 11;
UPDATE OR REPLACE opt_outs SET number = '+' || number WHERE number GLOB '86[1-9]*' AND length(number) >= 12;
UPDATE OR REPLACE opt_outs SET number = '+' || substr(number, 3) WHERE number GLOB '00[1-9]*';
UPDATE OR REPLACE opt_outs SET number = '+86' || substr(number, 2) WHERE number GLOB '0[1-9]*';
