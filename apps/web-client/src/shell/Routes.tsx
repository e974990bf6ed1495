import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { JoinPage } from '../participant/JoinPage.tsx';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { NotFound } from './NotFound.tsx';

const StartPage = lazy(() => import('../participant/StartPage.tsx'));
const BenchPage = lazy(() => import('../bench/BenchPage.tsx'));
const RunsPage = lazy(() => import('../operator/runs/RunsPage.tsx'));
const CreatePage = lazy(() => import('../operator/create/CreatePage.tsx'));
const AccessPage = lazy(() => import('../operator/access/AccessPage.tsx'));
const InvitationsPage = lazy(() => import('../operator/invitations/InvitationsPage.tsx'));
const RunPage = lazy(() => import('../operator/run/RunPage.tsx'));
const Notices = lazy(() => import('./Notices.tsx'));

/**
 * Each page is its own chunk, but for the join page, which comes with the document: a phone asks once. It never loads
 * the operator's charts.
 */
export function Routes() {
  return (
    <>
      <Suspense fallback={null}>
        <Route path="/operator/*?" component={Notices} />
      </Suspense>
      <Suspense fallback={<PageLoading />}>
        <Switch>
          <Route path="/" component={StartPage} />
          <Route path="/join/:run" component={JoinPage} />
          <Route path="/bench" component={BenchPage} />
          <Route path="/operator" component={RunsPage} />
          <Route path="/operator/new" component={CreatePage} />
          <Route path="/operator/access" component={AccessPage} />
          <Route path="/operator/runs/:run/invitations" component={InvitationsPage} />
          <Route path="/operator/runs/:run" component={RunPage} />
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </>
  );
}
