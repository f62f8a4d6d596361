-- Earlier answers for a company, whatever they were asked with: before a list is launched, the opening lines say what was answered before.
-- (20 companies beside 200,000 answers: 20 ms instead of 0.3 s.)
create index targets_answered_by_domain on waterfall.targets ((question ->> 'domain')) where answer is not null;
