// callgen: small SIP UAC(+UAS) and RTP load generator with loss / latency / jitter measurement.
// Single thread, UDP, loopback only. Build: gcc -O2 -o callgen callgen.c -lm. What it is for: ../../BENCHMARKS.md
//   callgen engine=127.0.0.1:5060 uac=127.0.0.2:5070 [uas=127.0.0.3:5080] user=bridge calls=100 rate=50
//           hold=20 [settle=2] [pt=0] [uaspt=0] [rtp=1] [div=1] (user may hold one %d = call_index/div) [from=...]
// prints: STEADY_START / STEADY_END lines (runner samples engine CPU in between) and one JSON line "RESULT {...}"
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <stdint.h>
#include <unistd.h>
#include <errno.h>
#include <time.h>
#include <fcntl.h>
#include <math.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/resource.h>
#include <netinet/in.h>
#include <arpa/inet.h>

typedef uint64_t u64; typedef uint32_t u32; typedef uint16_t u16; typedef uint8_t u8;
#define MAGIC 0x4347454eu
#define HB 20000            // 10us buckets -> 200 ms
#define PLEN 160

static u64 rt(void){struct timespec t;clock_gettime(CLOCK_REALTIME,&t);return (u64)t.tv_sec*1000000000ull+t.tv_nsec;}
static u64 mono(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return (u64)t.tv_sec*1000000000ull+t.tv_nsec;}

enum {IDLE,INVITING,UP,BYEING,DONE,FAILED};
typedef struct leg {
  int side;               // 0 uac 1 uas
  int idx, state, slot, fd, pt; u16 port;
  struct sockaddr_in rdst; int have_dst;
  char callid[128]; char ftag[32]; char from[256], to[256]; char rcontact[256];
  char *tx; int txlen; int tries; u64 next_rt;   // pending retransmit
  int acked; char lastok[2048]; int lastoklen;
  int cseq;
  u64 t_inv, t_180, t_200;
  u64 last_inv_cseq;
  // rtp tx
  u16 seq; u32 ts, ssrc; u32 txc, txw; u32 emseq;
  // rtp rx
  u32 rxc, rxw, rxem; u64 last_rx, last_tx; u32 last_ts; double J, Jmax; u64 maxgap; u32 gaps40, gaps60; u16 last_seq; u32 seqlost; u32 rxtotal_bytes; u32 nonsil;
} leg;

static struct sockaddr_in engine, uac_a, uas_a; static int have_uas; static int sfd[2];
static int shortc=0; static int N=1, hold=10, dortp=1, pt0=0, pt1=0, divn=1; static double rate=10, settle=2; static char user[128]="bridge"; static char fromuser[64]="1000";
static leg *L[2]; static int nuas=0; static int ep, tfd;
static u32 *hist_lat, *hist_gen; static u64 w0=0,w1=0; static u64 lat_n=0; static double lat_sum=0;
static u64 dbl=0; static int nup=0,nfail=0,ndone=0,nuasup=0,nunexpbye=0,nretr=0,n4xx[7]; static char lastfail[128];
static u8 audio[8][8000];
#define HS 524288
static int uash[HS];
static u32 hsh(const char*s){u32 h=2166136261u;while(*s){h^=(u8)*s++;h*=16777619u;}return h;}

static u8 lin2ulaw(int p){int s=0;p>>=2;if(p<0){p=-p;s=0x80;}if(p>8159)p=8159;p+=33;int e=7;for(int m=0x1000;e>0&&!(p&m);m>>=1)e--;int man=(p>>(e+1))&0xf;return ~(s|(e<<4)|man);}
static u8 lin2alaw(int p){int s=0x80;if(p<0){p=-p-1;s=0;}if(p>32767)p=32767;int v;if(p<256)v=p>>4;else{int e=7;for(int m=0x4000;e>1&&!(p&m);m>>=1)e--;v=(e<<4)|((p>>(e+3))&0xf);}return (v|s)^0x55;}

static char* hdr(const char*m,const char*n,char*out,int max){ // first header n (case-insens, line start)
  int nl=strlen(n);const char*p=m;out[0]=0;
  while((p=strchr(p,'\n'))){p++;if(*p=='\r'||*p=='\n')break;
    if(!strncasecmp(p,n,nl)&&(p[nl]==':'||p[nl]==' ')){p=strchr(p,':')+1;while(*p==' ')p++;int l=strcspn(p,"\r\n");if(l>=max)l=max-1;memcpy(out,p,l);out[l]=0;return out;}}
  return 0;}
static int vias(const char*m,char*out,int max){const char*p=m;int o=0;out[0]=0;
  while((p=strchr(p,'\n'))){p++;if(*p=='\r'||*p=='\n')break;
    if(!strncasecmp(p,"Via:",4)||!strncasecmp(p,"v:",2)||!strncasecmp(p,"Record-Route:",13)){int l=strcspn(p,"\r\n");if(o+l+3>=max)break;memcpy(out+o,p,l);o+=l;out[o++]='\r';out[o++]='\n';out[o]=0;}}
  return o;}
static void sip_send(int side,const char*b,int n,const struct sockaddr_in*d){sendto(sfd[side],b,n,0,(const struct sockaddr*)(d?d:&engine),sizeof(engine));}

static int mksdp(leg*l,char*o,int max){char ip[32];inet_ntop(AF_INET,l->side?(void*)&uas_a.sin_addr:(void*)&uac_a.sin_addr,ip,32);
  return snprintf(o,max,"v=0\r\no=cg %d 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP %d\r\na=rtpmap:%d %s/8000\r\na=ptime:20\r\na=sendrecv\r\n",l->idx+1,ip,ip,l->port,l->pt,l->pt,l->pt==8?"PCMA":"PCMU");}
static void parsesdp(leg*l,const char*m){const char*b=strstr(m,"\r\n\r\n");if(!b)return;const char*c=strstr(b,"c=IN IP4 ");const char*a=strstr(b,"m=audio ");if(!c||!a)return;
  char ip[64];sscanf(c+9,"%63[0-9.]",ip);int port=atoi(a+8);if(!port)return;memset(&l->rdst,0,sizeof l->rdst);l->rdst.sin_family=AF_INET;inet_pton(AF_INET,ip,&l->rdst.sin_addr);l->rdst.sin_port=htons(port);
  if((ntohl(l->rdst.sin_addr.s_addr)>>24)!=127){fprintf(stderr,"refusing non-loopback media %s\n",ip);return;}
  if(dortp)connect(l->fd,(struct sockaddr*)&l->rdst,sizeof l->rdst);
  l->have_dst=1;}
static void openrtp(leg*l){ if(!dortp)return; l->fd=socket(AF_INET,SOCK_DGRAM|SOCK_NONBLOCK,0);struct sockaddr_in a=l->side?uas_a:uac_a;a.sin_port=htons(l->port);
  if(bind(l->fd,(struct sockaddr*)&a,sizeof a)){perror("bind rtp");exit(2);}int one=1;setsockopt(l->fd,SOL_SOCKET,SO_TIMESTAMPNS,&one,sizeof one);
  struct epoll_event e={.events=EPOLLIN,.data.u64=((u64)l->side<<32|l->idx)+16};epoll_ctl(ep,EPOLL_CTL_ADD,l->fd,&e);}
static void keep(leg*l,const char*b,int n){l->tx=realloc(l->tx,n);memcpy(l->tx,b,n);l->txlen=n;l->tries=0;l->next_rt=mono()+500000000ull;}

static void start_call(leg*l){char sdp[512],b[3000],ip[32],eip[32];char u[160];
  int sl=mksdp(l,sdp,sizeof sdp);inet_ntop(AF_INET,&uac_a.sin_addr,ip,32);inet_ntop(AF_INET,&engine.sin_addr,eip,32);
  snprintf(u,sizeof u,user,l->idx/divn);
  snprintf(l->callid,sizeof l->callid,"cg-%d-%d-%lx@%s",l->idx,getpid(),(long)(mono()&0xffffff),ip);
  snprintf(l->from,sizeof l->from,"<sip:%s@%s:%d>;tag=cg%d",fromuser,ip,ntohs(uac_a.sin_port),l->idx);
  snprintf(l->to,sizeof l->to,"<sip:%s@%s:%d>",u,eip,ntohs(engine.sin_port));
  snprintf(l->rcontact,sizeof l->rcontact,"sip:%s@%s:%d",u,eip,ntohs(engine.sin_port));
  l->cseq=1;
  int n=snprintf(b,sizeof b,"INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK-%d-%d-inv\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:%s@%s:%d>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
    l->rcontact,ip,ntohs(uac_a.sin_port),getpid(),l->idx,l->from,l->to,l->callid,fromuser,ip,ntohs(uac_a.sin_port),sl,sdp);
  l->state=INVITING;l->t_inv=mono();keep(l,b,n);sip_send(0,b,n,0);}
static void send_ack(leg*l){char b[2000],ip[32];inet_ntop(AF_INET,&uac_a.sin_addr,ip,32);
  int n=snprintf(b,sizeof b,"ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK-%d-%d-ack\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",l->rcontact,ip,ntohs(uac_a.sin_port),getpid(),l->idx,l->from,l->to,l->callid);
  sip_send(0,b,n,0);}
static void send_bye(leg*l){char b[2000],ip[32];inet_ntop(AF_INET,&uac_a.sin_addr,ip,32);
  int n=snprintf(b,sizeof b,"BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK-%d-%d-bye\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n",l->rcontact,ip,ntohs(uac_a.sin_port),getpid(),l->idx,l->from,l->to,l->callid);
  l->state=BYEING;keep(l,b,n);sip_send(0,b,n,0);}
static int reply(int side,const char*m,int code,const char*reason,leg*l,int withsdp,const struct sockaddr_in*src,char*out,int max){
  char v[1500],f[300],t[300],c[200],q[80],sdp[512],ip[32];int sl=0;vias(m,v,sizeof v);hdr(m,"From",f,300);hdr(m,"To",t,300);hdr(m,"Call-ID",c,200);hdr(m,"CSeq",q,80);
  struct sockaddr_in*me=side?&uas_a:&uac_a;inet_ntop(AF_INET,&me->sin_addr,ip,32);if(withsdp&&l)sl=mksdp(l,sdp,sizeof sdp);else sdp[0]=0;
  char tag[48]="";if(!strstr(t,"tag=")&&code>100)snprintf(tag,48,";tag=uas%d",l?l->idx:0);
  int n=snprintf(out,max,"SIP/2.0 %d %s\r\n%sFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <sip:uas@%s:%d>\r\n%sContent-Length: %d\r\n\r\n%s",code,reason,v,f,t,tag,c,q,ip,ntohs(me->sin_port),sl?"Content-Type: application/sdp\r\n":"",sl,sdp);
  sip_send(side,out,n,src);return n;}

static leg* finduas(const char*cid,int create){u32 h=hsh(cid)%HS;while(uash[h]){leg*l=&L[1][uash[h]-1];if(!strcmp(l->callid,cid))return l;h=(h+1)%HS;}
  if(!create||nuas>=N)return 0;leg*l=&L[1][nuas];uash[h]=nuas+1;nuas++;snprintf(l->callid,sizeof l->callid,"%s",cid);return l;}

static void fail(leg*l,const char*why){l->state=FAILED;nfail++;snprintf(lastfail,sizeof lastfail,"%.100s",why);lastfail[strcspn(lastfail,"\r\n")]=0;l->next_rt=0;}

static void on_sip(int side){char m[8192];struct sockaddr_in src;socklen_t sl=sizeof src;
  for(int k=0;k<256;k++){int n=recvfrom(sfd[side],m,sizeof m-1,MSG_DONTWAIT,(struct sockaddr*)&src,&sl);if(n<=0)return;m[n]=0;if(n<20)continue;
    char cid[200];if(!hdr(m,"Call-ID",cid,200)&&!hdr(m,"i",cid,200))continue;
    leg*l=0;if(side==0){int ix;int pid;if(sscanf(cid,"cg-%d-%d-",&ix,&pid)==2&&ix>=0&&ix<N&&pid==getpid())l=&L[0][ix];}
    if(!strncmp(m,"SIP/2.0 ",8)){int code=atoi(m+8);char q[80];hdr(m,"CSeq",q,80);if(!l)continue;
      if(strstr(q,"INVITE")){
        if(code<200){if(code>=180&&!l->t_180)l->t_180=mono();l->next_rt=0;continue;}
        if(code<300){hdr(m,"To",l->to,sizeof l->to);char ct[300];if(hdr(m,"Contact",ct,300)){char*p=strchr(ct,'<');if(p){snprintf(l->rcontact,sizeof l->rcontact,"%s",p+1);char*e=strchr(l->rcontact,'>');if(e)*e=0;}}
          if(l->state==INVITING){l->t_200=mono();l->state=UP;l->next_rt=0;nup++;parsesdp(l,m);}
          else nretr++;
          send_ack(l);if(shortc&&l->state==UP)send_bye(l);continue;}
        // failure: ACK it
        hdr(m,"To",l->to,sizeof l->to);char b[2000],v[500];hdr(m,"Via",v,500);int bn=snprintf(b,sizeof b,"ACK %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",l->rcontact,v,l->from,l->to,l->callid);sip_send(0,b,bn,0);
        if(l->state==INVITING){n4xx[code/100<7?code/100:6]++;char w[64];snprintf(w,64,"%.60s",m);fail(l,w);}
      } else if(strstr(q,"BYE")){if(l->state==BYEING){l->state=DONE;ndone++;l->next_rt=0;}}
    } else { char out[3000];
      if(side==1)l=finduas(cid,!strncmp(m,"INVITE ",7));
      if(!strncmp(m,"INVITE ",7)){
        if(!l){reply(side,m,486,"Busy",0,0,&src,out,sizeof out);continue;}
        if(side==1&&l->state==IDLE){l->state=INVITING;parsesdp(l,m);reply(1,m,180,"Ringing",l,0,&src,out,sizeof out);int on=reply(1,m,200,"OK",l,1,&src,out,sizeof out);memcpy(l->lastok,out,on<2048?on:2047);l->lastoklen=on;keep(l,out,on);}
        else if(side==1&&l->state==INVITING){sip_send(1,l->lastok,l->lastoklen,&src);nretr++;}
        else {parsesdp(l,m);reply(side,m,200,"OK",l,1,&src,out,sizeof out);}
      } else if(!strncmp(m,"ACK ",4)){if(l&&side==1&&l->state==INVITING){l->state=UP;nuasup++;l->next_rt=0;}}
      else if(!strncmp(m,"BYE ",4)){reply(side,m,200,"OK",l,0,&src,out,sizeof out);
        if(l&&side==0&&l->state==UP){nunexpbye++;l->state=DONE;ndone++;nup--;}
        else if(l&&side==1){if(l->state==UP)nuasup--;l->state=DONE;l->next_rt=0;}}
      else if(!strncmp(m,"CANCEL ",7))reply(side,m,200,"OK",l,0,&src,out,sizeof out);
      else reply(side,m,200,"OK",l,0,&src,out,sizeof out);
    }}}

static void send_rtp(leg*l,u64 late){u8 p[12+PLEN];p[0]=0x80;p[1]=l->pt|(l->txc==0?0x80:0);*(u16*)(p+2)=htons(l->seq);*(u32*)(p+4)=htonl(l->ts);*(u32*)(p+8)=htonl(l->ssrc);
  int off=(l->txc*PLEN+l->idx*37)%(8000-PLEN);memcpy(p+12,audio[(l->pt==8?4:0)+(l->idx&3)]+off,PLEN);
  u64 now=rt();u32 mg=MAGIC;memcpy(p+12,&mg,4);memcpy(p+16,&now,8);u32 id=l->side<<24|l->idx;memcpy(p+24,&id,4);memcpy(p+28,&l->emseq,4);
  // avoid mu-law negative zero rewriting: nothing done here, count-based figures are reported too
  if(send(l->fd,p,sizeof p,0)<0&&errno==ECONNREFUSED)send(l->fd,p,sizeof p,0);
  l->seq++;l->ts+=PLEN;l->txc++;l->emseq++;if(w0&&now>=w0&&(!w1||now<w1))l->txw++;
  u64 b=late/10000;if(w0&&!w1)hist_gen[b<HB?b:HB-1]++;}

static void on_rtp(leg*l){u8 p[2048];char cb[256];
  for(int k=0;k<32;k++){struct iovec iv={p,sizeof p};struct msghdr mh={.msg_iov=&iv,.msg_iovlen=1,.msg_control=cb,.msg_controllen=sizeof cb};int n=recvmsg(l->fd,&mh,MSG_DONTWAIT);if(n<0)return;if(n<12)continue;
    u64 r=0;for(struct cmsghdr*c=CMSG_FIRSTHDR(&mh);c;c=CMSG_NXTHDR(&mh,c))if(c->cmsg_level==SOL_SOCKET&&c->cmsg_type==SCM_TIMESTAMPNS){struct timespec*t=(void*)CMSG_DATA(c);r=(u64)t->tv_sec*1000000000ull+t->tv_nsec;}
    if(!r)r=rt();
    l->rxc++;u16 sq=ntohs(*(u16*)(p+2));u32 ts=ntohl(*(u32*)(p+4));
    int inw=w0&&r>=w0&&(!w1||r<w1);
    u32 mg;u64 st=0;memcpy(&mg,p+12,4);int em=n>=12+32&&mg==MAGIC;if(em)memcpy(&st,p+16,8);
    if(inw){l->rxw++;
      if(l->last_rx){u64 g=r-l->last_rx;if(l->last_rx>=w0){if(g>l->maxgap)l->maxgap=g;if(g>40000000)l->gaps40++;if(g>60000000)l->gaps60++;}
        int16_t ds=(int16_t)(sq-l->last_seq);if(ds>1&&ds<1000)l->seqlost+=ds-1;
        double D=em&&l->last_tx?((double)(int64_t)(r-l->last_rx)-(double)(int64_t)(st-l->last_tx)):((double)(int64_t)(r-l->last_rx)-(double)(int32_t)(ts-l->last_ts)*125000.0);
        if(fabs(D)<2e9){l->J+=(fabs(D)-l->J)/16;if(l->J>l->Jmax)l->Jmax=l->J;}}
      for(int i=44;i<n&&i<60;i++)if(p[i]!=0xff&&p[i]!=0x7f&&p[i]!=0xd5&&p[i]!=0x55){l->nonsil++;break;}
    }
    if(em&&w0&&st>=w0&&(!w1||st<w1)){l->rxem++;u64 d=r>st?r-st:0;u64 b=d/10000;hist_lat[b<HB?b:HB-1]++;lat_n++;lat_sum+=d;}
    l->last_rx=r;l->last_seq=sq;l->last_ts=ts;l->last_tx=st;}}

static double pct(u32*h,double q){u64 t=0,c=0;for(int i=0;i<HB;i++)t+=h[i];if(!t)return 0;for(int i=0;i<HB;i++){c+=h[i];if(c>=q*t)return (i+1)*0.01;}return HB*.01;}
static int cmpu(const void*a,const void*b){double x=*(double*)a,y=*(double*)b;return x<y?-1:x>y;}
static void pa(const char*s,struct sockaddr_in*a){char b[64];snprintf(b,64,"%s",s);char*c=strchr(b,':');if(!c)exit(3);*c=0;memset(a,0,sizeof*a);a->sin_family=AF_INET;inet_pton(AF_INET,b,&a->sin_addr);a->sin_port=htons(atoi(c+1));if((ntohl(a->sin_addr.s_addr)>>24)!=127){fprintf(stderr,"loopback only\n");exit(3);}}

int main(int c,char**v){setvbuf(stdout,0,_IOLBF,0);pa("127.0.0.1:5060",&engine);pa("127.0.0.2:5070",&uac_a);int b0=20000,b1=40000;int reack=0;
  for(int i=1;i<c;i++){char*e=strchr(v[i],'=');if(!e)continue;*e++=0;char*k=v[i];
    if(!strcmp(k,"engine"))pa(e,&engine);else if(!strcmp(k,"uac"))pa(e,&uac_a);else if(!strcmp(k,"uas")){pa(e,&uas_a);have_uas=1;}else if(!strcmp(k,"user"))snprintf(user,128,"%s",e);else if(!strcmp(k,"from"))snprintf(fromuser,64,"%s",e);
    else if(!strcmp(k,"calls"))N=atoi(e);else if(!strcmp(k,"rate"))rate=atof(e);else if(!strcmp(k,"hold"))hold=atoi(e);else if(!strcmp(k,"settle"))settle=atof(e);else if(!strcmp(k,"pt"))pt0=atoi(e);else if(!strcmp(k,"uaspt"))pt1=atoi(e);else if(!strcmp(k,"rtp"))dortp=atoi(e);else if(!strcmp(k,"short"))shortc=atoi(e);else if(!strcmp(k,"div"))divn=atoi(e);else {fprintf(stderr,"unknown %s\n",k);return 3;}}
  (void)reack; if(dortp&&N>9000)N=9000;
  struct rlimit rl={65536,65536};setrlimit(RLIMIT_NOFILE,&rl);
  for(int k=0;k<4;k++)for(int i=0;i<8000;i++){double a=6000*sin(2*M_PI*(300+110*k)*i/8000)+3000*sin(2*M_PI*(710+90*k)*i/8000)+((rand()%2000)-1000);audio[k][i]=lin2ulaw((int)a);audio[4+k][i]=lin2alaw((int)a);}
  hist_lat=calloc(HB,4);hist_gen=calloc(HB,4);L[0]=calloc(N,sizeof(leg));L[1]=calloc(N,sizeof(leg));
  ep=epoll_create1(0);int big=8<<20;
  for(int s=0;s<1+have_uas;s++){sfd[s]=socket(AF_INET,SOCK_DGRAM|SOCK_NONBLOCK,0);setsockopt(sfd[s],SOL_SOCKET,SO_RCVBUFFORCE,&big,sizeof big);struct sockaddr_in*a=s?&uas_a:&uac_a;if(bind(sfd[s],(struct sockaddr*)a,sizeof*a)){perror("bind sip");return 2;}struct epoll_event e={.events=EPOLLIN,.data.u64=s};epoll_ctl(ep,EPOLL_CTL_ADD,sfd[s],&e);}
  for(int s=0;s<1+have_uas;s++)for(int i=0;i<N;i++){leg*l=&L[s][i];l->side=s;l->idx=i;l->pt=s?pt1:pt0;l->port=(s?b1:b0)+2*i;l->slot=(i*7+s*3)%20;l->ssrc=0x1000000*(s+1)+i*7919;l->seq=i;l->ts=i*1000;openrtp(l);}
  tfd=timerfd_create(CLOCK_MONOTONIC,TFD_NONBLOCK);struct itimerspec it={{0,1000000},{0,1000000}};timerfd_settime(tfd,0,&it,0);struct epoll_event e={.events=EPOLLIN,.data.u64=2};epoll_ctl(ep,EPOLL_CTL_ADD,tfd,&e);
  u64 T0=mono(),tick=0;int started=0,phase=0,byed=0;u64 steadyat=0,endat=0,byestart=0;u64 lastscan=0;u64 rampend=0;
  struct rusage ru0={0},ru1={0};int upstart=0,upend=0;
  for(;;){struct epoll_event ev[256];int n=epoll_wait(ep,ev,256,20);u64 now=mono();
    for(int i=0;i<n;i++){u64 d=ev[i].data.u64;if(d<2)on_sip(d);else if(d==2){u64 x;if(read(tfd,&x,8)<0){}}else {d-=16;on_rtp(&L[d>>32&1][d&0xffffffff]);}}
    now=mono();u64 tgt=(now-T0)/1000000;
    while(tick<tgt){tick++;u64 due=T0+tick*1000000;int sl=tick%20;if(dortp&&phase<3)for(int s=0;s<1+have_uas;s++){int m=s?nuas:started;int first=((sl-s*3+20)*3)%20;/*7*3=21=1 mod 20*/for(int i=first;i<m;i+=20){leg*l=&L[s][i];if(l->have_dst&&(l->state==UP||(s&&l->state==INVITING))){u64 nw=mono();send_rtp(l,nw>due?nw-due:0);}}}}
    while(phase==0&&started<N&&(double)(now-T0)/1e9*rate>started){start_call(&L[0][started++]);}
    if(phase==0&&started==N){if(!rampend)rampend=now;int pend=N-nup-nfail-nunexpbye;if(pend<=0||now-rampend>20000000000ull){phase=1;steadyat=now+(u64)(settle*1e9);}}
    if(phase==1&&now>=steadyat){phase=2;w0=rt();endat=now+(u64)hold*1000000000ull;upstart=nup;getrusage(RUSAGE_SELF,&ru0);printf("STEADY_START up=%d uas=%d fail=%d\n",nup,nuasup,nfail);}
    if(phase==2&&now>=endat&&!w1){w1=rt();upend=nup;getrusage(RUSAGE_SELF,&ru1);printf("STEADY_END up=%d\n",nup);}
    if(phase==2&&w1&&now>=endat+600000000ull){phase=3;byestart=now;}
    if(phase==3){while(byed<N&&(double)(now-byestart)/1e9*rate>byed){leg*l=&L[0][byed++];if(l->state==UP)send_bye(l);}
      if(byed==N){int pend=0;for(int i=0;i<N;i++)if(L[0][i].state==BYEING)pend++;if(!pend||now-byestart>(u64)(N/rate*1e9)+6000000000ull){if(!endat)break;static u64 lin;if(!lin)lin=now+500000000ull;if(now>lin)break;}}}
    if(now-lastscan>50000000ull){lastscan=now;for(int s=0;s<1+have_uas;s++){int m=s?nuas:started;for(int i=0;i<m;i++){leg*l=&L[s][i];if(l->next_rt&&now>=l->next_rt&&(l->state==INVITING||l->state==BYEING)){if(++l->tries>6){if(s==0&&l->state==INVITING)fail(l,"timeout");else if(s==0){l->state=FAILED;nfail++;snprintf(lastfail,128,"bye timeout");}l->next_rt=0;}else{nretr++;sip_send(s,l->tx,l->txlen,0);u64 w=500000000ull<<(l->tries<3?l->tries:3);l->next_rt=now+w;}}}}}
    if(now-T0>(u64)((N/rate*2+hold+settle+60)*1e9)){fprintf(stderr,"global timeout\n");break;}
  }
  u64 tx=0,rx=0,em=0,sl=0,g40=0,g60=0,mg=0,txa=0,rxa=0,ns=0;double jm=0,js=0;int nj=0,silent=0;u64 etx=0;
  for(int s=0;s<1+have_uas;s++)for(int i=0;i<N;i++){leg*l=&L[s][i];tx+=l->txw;rx+=l->rxw;em+=l->rxem;sl+=l->seqlost;g40+=l->gaps40;g60+=l->gaps60;txa+=l->txc;rxa+=l->rxc;ns+=l->nonsil;if(l->maxgap>mg)mg=l->maxgap;if(l->rxw){js+=l->J;nj++;if(l->Jmax>jm)jm=l->Jmax;}else if(l->txw)silent++;}
  (void)etx;
  double*iv=calloc(N+1,sizeof(double)),*i8=calloc(N+1,sizeof(double));int ni=0,n8=0;for(int i=0;i<N;i++){leg*l=&L[0][i];if(l->t_200)iv[ni++]=(l->t_200-l->t_inv)/1e6;if(l->t_180)i8[n8++]=(l->t_180-l->t_inv)/1e6;}
  qsort(iv,ni,sizeof(double),cmpu);qsort(i8,n8,sizeof(double),cmpu);
  double gcpu=(ru1.ru_utime.tv_sec-ru0.ru_utime.tv_sec)+(ru1.ru_stime.tv_sec-ru0.ru_stime.tv_sec)+((ru1.ru_utime.tv_usec-ru0.ru_utime.tv_usec)+(ru1.ru_stime.tv_usec-ru0.ru_stime.tv_usec))/1e6;
  double win=(w1-w0)/1e9;double expect=win*50*upstart;
  printf("RESULT {\"calls\":%d,\"up_start\":%d,\"up_end\":%d,\"fail\":%d,\"lastfail\":\"%.60s\",\"unexp_bye\":%d,\"retrans\":%d,\"done\":%d,\"win_s\":%.3f,\"tx_w\":%lu,\"rx_w\":%lu,\"rx_embedded_w\":%lu,\"loss_embedded_pct\":%.4f,\"loss_count_pct\":%.4f,\"expect_per_side\":%.0f,\"seqgap_lost\":%lu,\"lat_ms_mean\":%.3f,\"lat_ms_p50\":%.2f,\"lat_ms_p99\":%.2f,\"lat_ms_p999\":%.2f,\"lat_ms_max\":%.2f,\"jitter_ms_mean\":%.3f,\"jitter_ms_max\":%.3f,\"gaps40\":%lu,\"gaps60\":%lu,\"maxgap_ms\":%.1f,\"silent_legs\":%d,\"nonsilent_pct\":%.1f,\"gen_cpu_s\":%.3f,\"gen_late_ms_p99\":%.2f,\"gen_late_ms_max\":%.2f,\"inv200_ms_p50\":%.2f,\"inv200_ms_p99\":%.2f,\"inv180_ms_p50\":%.2f,\"inv180_ms_p99\":%.2f}\n",
    N,upstart,upend,nfail,lastfail,nunexpbye,nretr,ndone,win,tx,rx,em,tx?100.0*((double)tx-em)/tx:0,tx?100.0*((double)tx-rx)/tx:0,expect,sl,lat_n?lat_sum/lat_n/1e6:0,pct(hist_lat,.5),pct(hist_lat,.99),pct(hist_lat,.999),pct(hist_lat,1.0),nj?js/nj/1e6:0,jm/1e6,g40,g60,mg/1e6,silent,rx?100.0*ns/rx:0,gcpu,pct(hist_gen,.99),pct(hist_gen,1.0),ni?iv[ni/2]:0,ni?iv[(int)(ni*.99)]:0,n8?i8[n8/2]:0,n8?i8[(int)(n8*.99)]:0);
  return 0;}
